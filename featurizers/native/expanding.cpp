#include "expanding.h"

#include "threads.h"

void fill_expanding(const double* values, const std::int64_t* indptr, Rows series, const std::vector<Total>& totals,
                    Matrix<double> out, Matrix<double> memory, int threads) {
    each_series(indptr, series, threads, [&] {
        return [&](Rows i) {
            Running sofar;
            for (Rows row = indptr[i]; row < indptr[i + 1]; ++row) {
                for (std::size_t k = 0; k < totals.size(); ++k) out(row, k) = sofar.total(totals[k]);
                sofar.add(values[row]);
            }
            const double kept[] = {sofar.count, sofar.mean, sofar.squares, sofar.sum, sofar.least, sofar.greatest};
            for (Rows k = 0; k < 6; ++k) memory(i, k) = kept[k];
        };
    });
}

void fill_ewm(const double* values, const std::int64_t* indptr, Rows series, const std::vector<double>& alphas,
              Matrix<double> out, Matrix<double> memory, int threads) {
    each_series(indptr, series, threads, [&] {
        return [&](Rows i) {
            for (std::size_t k = 0; k < alphas.size(); ++k) {
                double mean = NOTHING;
                for (Rows row = indptr[i]; row < indptr[i + 1]; ++row) {
                    out(row, k) = mean;
                    const double value = values[row];
                    if (value == value) mean = mean == mean ? mean + alphas[k] * (value - mean) : value;
                }
                memory(i, k) = mean;
            }
        };
    });
}
