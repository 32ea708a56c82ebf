# Bench: gstat (r-cran-gstat) on the problem of bench/krige.c, and the ratio of the two.
# Usage: Rscript bench/krige_gstat.R STATIONS.csv build/release/bench/bench_krige [n_nearest]
suppressMessages({library(sp); library(gstat)})
arguments <- commandArgs(TRUE)
n_nearest <- if (length(arguments) > 2) as.integer(arguments[3]) else 32L
stations <- read.csv(arguments[1])
coordinates(stations) <- ~ x + y
cells <- expand.grid(x = 100 * (0:499 + 0.5), y = 100 * (0:499 + 0.5))
coordinates(cells) <- ~ x + y
model <- vgm(50, "Exp", 8000, 1)
nmax <- if (n_nearest == 0L) Inf else n_nearest
time_s <- system.time(
  result <- krige(z ~ 1, stations, cells, model, nmax = nmax, debug.level = 0))[["user.self"]]
ours <- system2(arguments[2], c(arguments[1], n_nearest, 1), stdout = TRUE)
ours_s <- as.numeric(sub(".*threads: ([0-9.]+) s of CPU.*", "\\1", ours))
cat(sprintf("gstat: %.2f s of CPU; sums %.15g %.15g\n", time_s, sum(result$var1.pred),
            sum(result$var1.var)))
cat("dosi:", ours, "\n")
cat(sprintf("ratio: %.1f\n", time_s / ours_s))
