// The Python face of Ets and Theta.
#pragma once

#include <nanobind/nanobind.h>

void bind_smoothing(nanobind::module_& m);
