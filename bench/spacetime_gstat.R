# gstat's side of bench/spacetime.c. Usage: Rscript spacetime_gstat.R FIELD.csv.gz FIELD.txt
# (columns coords.x1, coords.x2, sp.ID, time, ..., value last). Writes FIELD.txt for
# bench_spacetime and prints gstat's times.
suppressMessages({library(sp); library(spacetime); library(gstat)})
args <- commandArgs(trailingOnly = TRUE)
d <- read.csv(gzfile(args[1])); names(d)[c(1, 2, ncol(d))] <- c("x", "y", "z")
d$day <- as.Date(d$time); d <- d[order(d$day, d$sp.ID), ]
st <- unique(d[, c("x", "y", "sp.ID")]); st <- st[order(st$sp.ID), ]
days <- seq(min(d$day), max(d$day), by = 1)
i <- match(d$sp.ID, st$sp.ID); t <- match(d$day, days)
m <- matrix(NA_real_, length(days), nrow(st)); m[cbind(t, i)] <- d$z
con <- file(args[2], "w")
writeLines(paste(nrow(st), length(days)), con)
writeLines(paste(format(st$x, digits = 17), format(st$y, digits = 17)), con)
writeLines(apply(m, 1, function(r) paste(ifelse(is.na(r), "NA", format(r, digits = 17)), collapse = " ")), con)
close(con)
times <- as.POSIXct(days, tz = "UTC")
field <- STSDF(SpatialPoints(st[, 1:2]), times, data.frame(z = d$z), cbind(i, t))
cat("variogramST:", system.time(v <- variogramST(z ~ 1, field, tlags = 0:6, progress = FALSE))[["user.self"]], "s\n")
a <- estiStAni(v, c(50000, 200000))
sep <- vgmST("separable", space = vgm(.9, "Exp", 200000, .1), time = vgm(.9, "Sph", 3.5, .1), sill = 124)
cat("fit.StVariogram separable:", system.time(f <- fit.StVariogram(v, sep, fit.method = 7, stAni = a,
  method = "L-BFGS-B", control = list(parscale = c(1e5, 1, 10, 1, 100)),
  lower = c(1e4, 0, .1, 0, .1), upper = c(2e6, 1, 12, 1, 200)))[["user.self"]], "s; wMSE x 1e6 (km)",
  attr(f, "optim.output")$value * 1e6, "\n")
