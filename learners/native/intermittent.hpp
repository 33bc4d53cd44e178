// Intermittent demand: the size of a demand, the rows between two demands, and sums over several rows.
#pragma once

#include <nanobind/nanobind.h>

#include <vector>

// What is kept of a series, in this order. Weights are those of a new size, and of a new gap or chance.
enum Demand {
    SIZE_WEIGHT, GAP_WEIGHT, SIZE, GAP, SINCE, CHANCE, DEVIATION, ERRORS, NEGATIVE, WHOLE, DEMAND_NUMBERS
};

// One more row that is not missing. SIZE, GAP and CHANCE are NaN before their first value; DEVIATION is the root of
// the mean square of ERRORS one-step errors of the size. Source: Croston (1972), Operational Research Quarterly 23(3);
// Teunter, Syntetos & Babai (2011), European Journal of Operational Research 214(3).
void move_demand(double* numbers, double y);

// The weight in [low, high] of exponential smoothing from the first value on, with the least squared one-step error.
double smoothing_weight(const std::vector<double>& x, double low, double high);

// A bucket of so many rows, one of several ways to sum a series up; its sums are smoothed.
struct Bucket {
    double rows, weight, level, sum, filled;
};

// One more row: once the bucket is full, its sum moves the level. It is not filled before `filled` rows below zero.
// Source: Nikolopoulos, Syntetos, Boylan, Petropoulos & Assimakopoulos (2011), Journal of the Operational Research
// Society 62(3).
void move_bucket(Bucket& bucket, double y);

void bind_intermittent(nanobind::module_& m);
