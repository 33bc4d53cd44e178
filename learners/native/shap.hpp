// Shap: what every column adds to the sum of a forest's leaves, exactly, for the path-dependent value function.
#pragma once

#include <cstddef>

#include "forest.hpp"

// out[i * columns + c] = the Shapley value of column c for row i of x (rows, columns). `cover` holds the weight of the
// training rows in each leaf. Returns the expected sum of the leaves, which with row i of `out` adds up to the forest's
// prediction. A column that is not known is averaged over: both ways are gone, by the cover of each.
// Source: Lundberg et al., From local explanations to global understanding with explainable AI for trees, 2020.
double shap(const Forest& forest, const double* cover, const double* x, std::size_t rows, std::size_t columns,
            bool narrow, int threads, double* out);
