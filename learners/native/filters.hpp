// Filters: the memory of smoothing models, moved on over many rows as `remember` of each model moves it by one.
#pragma once

#include <nanobind/nanobind.h>

void bind_filters(nanobind::module_& m);
