// Loess: local polynomials over evenly spaced points. Source: Cleveland, Cleveland, McRae & Terpenning (1990), STL: A
// seasonal-trend decomposition procedure based on loess, Journal of Official Statistics 6(1).
#pragma once

#include <vector>

// The weights depend on the place alone: they are computed once for series of one length, and those around inner points
// are all the same. A window of more than 1,000 points is evaluated at every 500th part of it, with straight lines
// between.
class Loess {
  public:
    // `window` points, an odd number, around each, by a constant (`degree` 0) or a line (1). With `beyond`, the rows
    // before the first and after the last are estimated as well.
    Loess(int window, int degree, bool beyond = false);

    // `y`: n rows of `width` numbers, `stride` apart; each column is smoothed by itself. `out` likewise, with the two
    // rows more where they are asked for.
    void smooth(const double* y, int n, int width, int stride, double* out);

    // The same, each number of `y` counting as much as the one of `trust` in its place says; what has no trusted
    // neighbour stays as it is.
    void smooth_trusted(const double* y, const double* trust, int n, int width, int stride, double* out);

  private:
    void prepare(int n);
    void finish(double* weights, int place, int left) const;
    void powers();
    void run(const std::vector<double>& kernel, const double* y, int width, int stride, double* out) const;
    int left_of(int place) const;
    void join(int width, int stride, double* out) const;

    int window, degree, beyond, jump, half;
    int length = -1, span = 0;
    std::vector<int> places;                  // where it is evaluated, counted from 1
    std::vector<int> rows;                    // of the weights for each place
    std::vector<double> shapes, weights;      // (rows, span): the kernel; what the points are multiplied with
    std::vector<double> once, twice;          // the kernel times the distance, and times its square
    std::vector<double> trusted, sums[5];     // y times trust; of trust and of it, times powers of the distance
};
