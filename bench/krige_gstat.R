# Bench: gstat (r-cran-gstat) beside bench/krige.c in one go, with the ratios of CPU seconds.
# Usage: Rscript bench/krige_gstat.R FOLDER build/release/bench/bench_krige
# FOLDER has bench_1000.csv and bench_500.csv (x,y,z).
suppressMessages({library(sp); library(gstat)})
arguments <- commandArgs(TRUE)
cells <- expand.grid(x = 100 * (0:499 + 0.5), y = 100 * (0:499 + 0.5))
coordinates(cells) <- ~ x + y
model <- vgm(50, "Exp", 8000, 1)
bench <- function(n_sites, n_nearest, block_m) {
  path <- file.path(arguments[1], sprintf("bench_%d.csv", n_sites))
  stations <- read.csv(path)
  coordinates(stations) <- ~ x + y
  block <- if (block_m > 0) c(block_m, block_m) else numeric(0)
  nmax <- if (n_nearest == 0) Inf else n_nearest
  time_s <- system.time(
    result <- krige(z ~ 1, stations, cells, model, nmax = nmax, block = block,
                    debug.level = 0))[["user.self"]]
  ours <- system2(arguments[2], c(path, n_nearest, 1, block_m), stdout = TRUE)
  ours_s <- as.numeric(sub(".*threads: ([0-9.]+) s of CPU.*", "\\1", ours))
  cat(sprintf("gstat: %.2f s of CPU; sums %.15g %.15g\n", time_s, sum(result$var1.pred),
              sum(result$var1.var)))
  cat("dosi:", ours, "\n")
  cat(sprintf("ratio: %.1f\n\n", time_s / ours_s))
}
bench(1000, 32, 0)
bench(1000, 50, 0)
bench(1000, 32, 100)
bench(500, 0, 0)
