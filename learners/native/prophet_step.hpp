// One step of Prophet's fit: the most probable numbers and noise where the forecast is linear in the numbers.
#pragma once

#include <cstddef>
#include <vector>

#include "prophet_corners.hpp"

// The noise is most probable at 4 v^2 + rows v = squares, v its square: the slope of
// rows log(noise) + squares / (2 v) + 2 v is zero.
double most_probable_noise(double squares, double rows);

// Around numbers where the errors' squares sum up to `squares`: they change by -2 d'with_errors + d' gram d.
class ProphetStep {
  public:
    std::size_t smooth = 0, corners = 0; // rate, offset and weights; changes of the rate
    double rows = 0.0, price = 0.0;      // 1 / the prior of the changes
    double squares = 0.0;
    double damping = 0.0; // the precision of a prior that keeps the numbers where they are
    std::vector<double> gram, with_errors, center, precision; // precision (smooth,): 1 / prior^2

    // The numbers in `place` and their noise. `noise` and `place` come with a guess; the noise goes to the next place
    // where it is most probable, downwards from a guess that is too high.
    double settle(double noise, double lowest, double tolerance, double* place);

    // The numbers for a noise that is given; the sum of squares there.
    double solve(double noise, double* place);

  private:
    std::vector<double> matrix, factor, sides, remaining, reduced, moved;
    Corners lasso;
};
