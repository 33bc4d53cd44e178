// The Python face of Prophet.
#pragma once

#include <nanobind/nanobind.h>

void bind_prophet(nanobind::module_& m);
