// The Python face of Stl and Mstl.
#pragma once

#include <nanobind/nanobind.h>

void bind_decomposing(nanobind::module_& m);
