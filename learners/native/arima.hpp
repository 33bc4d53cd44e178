// Arima: what the module offers of the ARIMA engine.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

namespace nb = nanobind;

void bind_arima(nb::module_& m);
