// air.pmf: sources and their contributions from concentrations of many species.

#include "method/pmf.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_CONSTRAINTS = 256 };

static const dosi_method_column concentration_columns[] = {
    {"*",
     DOSI_TYPE_REAL,
     NULL,
     true,
     {"성분별 농도 열 하나씩; 시각·이름 열은 시료를 가리킴",
      "One column of concentrations a species; columns of time and text name the sample"}},
};
static const dosi_method_column uncertainty_columns[] = {
    {"*",
     DOSI_TYPE_REAL,
     NULL,
     true,
     {"같은 이름의 성분 열, 같은 순서의 행",
      "Columns of the same names, rows in the same order"}},
};
static const dosi_method_column limit_columns[] = {
    {"species", DOSI_TYPE_TEXT, NULL, false, {"성분", "Species"}},
    {"detection_limit",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"검출 한계 (농도 단위)", "Detection limit, in the units of the concentration"}},
    {"error_fraction",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"상대 오차 (0.1 = 10 %)", "Error fraction (0.1 is 10 %)"}},
};
static const dosi_method_table inputs[] = {
    {"concentrations", {"농도", "Concentrations"}, false, concentration_columns, 1},
    {"uncertainties", {"불확도", "Uncertainties"}, true, uncertainty_columns, 1},
    {"limits",
     {"검출 한계와 상대 오차",
      "Detection limits and error fractions, for species without uncertainties"},
     true,
     limit_columns,
     3},
};

static const dosi_method_parameter parameters[] = {
    {"factors",
     DOSI_PARAMETER_INT,
     NULL,
     "5",
     1,
     32,
     NULL,
     {"오염원(인자) 수", "Number of factors (sources)"}},
    {"factors_to",
     DOSI_PARAMETER_INT,
     NULL,
     "0",
     0,
     32,
     NULL,
     {"이 수까지 인자 수를 바꾸어 비교 (0: 안 함)",
      "Also try more factors up to this many, to help the choice; 0: no"}},
    {"starts",
     DOSI_PARAMETER_INT,
     NULL,
     "50",
     1,
     10000,
     NULL,
     {"무작위 시작 횟수", "Random starts"}},
    {"seed",
     DOSI_PARAMETER_INT,
     NULL,
     "1",
     0,
     9e15,
     NULL,
     {"난수 씨앗", "Seed of the random numbers"}},
    {"robust",
     DOSI_PARAMETER_BOOL,
     NULL,
     "true",
     0,
     0,
     NULL,
     {"이상값의 영향을 줄임 (척도 잔차 4 넘는 값)",
      "Robust mode: residuals beyond 4 uncertainties count less"}},
    {"species",
     DOSI_PARAMETER_TEXT,
     NULL,
     "",
     0,
     0,
     NULL,
     {"쓸 성분 열 (비면 모든 숫자 열)",
      "Columns of species to use, separated by commas; empty: all numbers"}},
    {"leave",
     DOSI_PARAMETER_TEXT,
     NULL,
     "",
     0,
     0,
     NULL,
     {"성분이 아닌 숫자 열", "Columns of numbers that are no species"}},
    {"weak",
     DOSI_PARAMETER_TEXT,
     NULL,
     "",
     0,
     0,
     NULL,
     {"약한 성분: 불확도를 곱해 늘림", "Weak species: their uncertainties are multiplied"}},
    {"bad", DOSI_PARAMETER_TEXT, NULL, "", 0, 0, NULL, {"뺄 성분", "Bad species: left out"}},
    {"weak_factor",
     DOSI_PARAMETER_REAL,
     NULL,
     "3",
     1,
     100,
     NULL,
     {"약한 성분의 불확도 배수", "What uncertainties of weak species are multiplied by"}},
    {"extra",
     DOSI_PARAMETER_REAL,
     NULL,
     "0",
     0,
     1,
     NULL,
     {"추가 모형 불확도 (농도의 비율)",
      "Extra modelling uncertainty, as a share of the concentration"}},
    {"missing",
     DOSI_PARAMETER_CHOICE,
     NULL,
     "ignore",
     0,
     0,
     "ignore|drop",
     {"결측: 그 값만 무시, 또는 시료를 뺌",
      "Missing values: ignored one by one, or their samples dropped"}},
    {"missing_below",
     DOSI_PARAMETER_REAL,
     NULL,
     "-98",
     -1e300,
     0,
     NULL,
     {"이 값보다 작으면 결측 (-99, -999)",
      "Concentrations below this are missing (-99, -999)"}},
    {"total",
     DOSI_PARAMETER_TEXT,
     NULL,
     "",
     0,
     0,
     NULL,
     {"총질량 성분 (PM2.5 등): 기여를 질량으로",
      "Species that is the total mass (PM2.5): contributions as mass, shares of it"}},
    {"fpeak",
     DOSI_PARAMETER_REAL,
     NULL,
     "0",
     -5,
     5,
     NULL,
     {"회전 세기 (0: 없음)", "Strength of rotation; 0: none"}},
    {"constraints",
     DOSI_PARAMETER_TEXT,
     NULL,
     "",
     0,
     0,
     NULL,
     {"제약 (;로 구분): 인자:성분 <= 몫, >= 몫, -> 몫, 인자:성분/성분 -> 비",
      "Constraints separated by ';': factor:species <= share, >= share, -> share (pulled), or "
      "factor:species/species -> ratio; shares of the total or of the sum"}},
    {"max_dq",
     DOSI_PARAMETER_REAL,
     NULL,
     "0.005",
     0,
     1,
     NULL,
     {"당김이 늘려도 되는 Q의 비율", "Relative rise of Q that pulls may cost"}},
    {"bootstrap",
     DOSI_PARAMETER_INT,
     NULL,
     "100",
     0,
     10000,
     NULL,
     {"재표집 횟수 (0: 안 함)", "Bootstrap resamples; 0: none"}},
    {"block",
     DOSI_PARAMETER_INT,
     NULL,
     "0",
     0,
     1000000,
     NULL,
     {"함께 뽑는 연속 시료 수 (0: 시료 수의 세제곱근)",
      "Samples of a block drawn together; 0: cube root of their number"}},
    {"displacement",
     DOSI_PARAMETER_BOOL,
     NULL,
     "true",
     0,
     0,
     NULL,
     {"변위(DISP) 구간 (강한 성분)", "Displacement intervals (DISP) of the strong species"}},
    {"bs_disp",
     DOSI_PARAMETER_TEXT,
     NULL,
     "",
     0,
     0,
     NULL,
     {"재표집마다 변위할 성분 (BS-DISP)",
      "Species to displace in every resample (BS-DISP); empty: none"}},
};

static const dosi_method_column profile_columns[] = {
    {"factor",
     DOSI_TYPE_INT,
     NULL,
     false,
     {"인자 (설명하는 몫이 큰 순)", "Factor, those that explain most first"}},
    {"species", DOSI_TYPE_TEXT, NULL, false, {"성분", "Species"}},
    {"profile",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"평균 기여일 때의 농도", "Concentration at the mean contribution"}},
    {"share_of_profile",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"총질량(없으면 합)에 대한 몫", "Share of the profile's total, or of its sum"}},
    {"share_of_species",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"성분 가운데 이 인자의 몫", "Part of the species that comes with this factor"}},
    {"explained", DOSI_TYPE_REAL, NULL, false, {"설명된 변동", "Explained variation"}},
};
static const dosi_method_column contribution_columns[] = {
    {"*", DOSI_TYPE_TIME, NULL, true, {"시료를 가리키는 열", "Columns that name the sample"}},
    {"factor", DOSI_TYPE_INT, NULL, false, {"인자", "Factor"}},
    {"contribution", DOSI_TYPE_REAL, NULL, false, {"기여 (평균 1)", "Contribution, mean 1"}},
    {"mass",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"총질량에 대한 기여 (total)", "Contribution to the total, in its units"}},
};
static const dosi_method_column species_columns[] = {
    {"species", DOSI_TYPE_TEXT, NULL, false, {"성분", "Species"}},
    {"category", DOSI_TYPE_TEXT, NULL, false, {"분류", "Category"}},
    {"n", DOSI_TYPE_INT, NULL, false, {"값 수", "Values that counted"}},
    {"signal_to_noise",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"신호 대 잡음비", "Signal-to-noise ratio; below 0.5 leave out, below 1 call weak"}},
    {"q", DOSI_TYPE_REAL, NULL, false, {"Q의 몫", "Its part of Q"}},
    {"q_ratio",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"Q / 기대값 (2 넘으면 안 맞음)",
      "Q over what is expected; above 2 it is not reproduced"}},
    {"r2",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"관측·모형 상관의 제곱", "Squared correlation of observed and modelled"}},
    {"slope", DOSI_TYPE_REAL, NULL, false, {"기울기", "Slope of modelled on observed"}},
    {"intercept", DOSI_TYPE_REAL, NULL, false, {"절편", "Intercept"}},
    {"bias", DOSI_TYPE_REAL, NULL, false, {"평균 척도 잔차", "Mean scaled residual"}},
    {"beyond_3",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"척도 잔차 3 넘는 비율", "Share of scaled residuals beyond 3"}},
};
static const dosi_method_column interval_columns[] = {
    {"factor", DOSI_TYPE_INT, NULL, false, {"인자", "Factor"}},
    {"species", DOSI_TYPE_TEXT, NULL, false, {"성분", "Species"}},
    {"method",
     DOSI_TYPE_TEXT,
     NULL,
     false,
     {"방법: bs, disp, bs_disp", "Method: bs, disp or bs_disp"}},
    {"level", DOSI_TYPE_REAL, NULL, false, {"Q 증가 (disp)", "Rise of Q; missing for bs"}},
    {"low", DOSI_TYPE_REAL, NULL, false, {"아래 끝 (bs: 5 %)", "Lower end (bs: 5 %)"}},
    {"middle", DOSI_TYPE_REAL, NULL, false, {"가운데 (bs: 중앙값)", "Middle (bs: median)"}},
    {"high", DOSI_TYPE_REAL, NULL, false, {"위 끝 (bs: 95 %)", "Upper end (bs: 95 %)"}},
};
static const dosi_method_column stability_columns[] = {
    {"factor", DOSI_TYPE_INT, NULL, false, {"인자", "Factor"}},
    {"check",
     DOSI_TYPE_TEXT,
     NULL,
     false,
     {"검사", "bs_mapped, bs_other_factor, bs_no_factor, disp_swaps, bs_disp_swaps"}},
    {"level", DOSI_TYPE_REAL, NULL, false, {"Q 증가", "Rise of Q; missing for bs"}},
    {"count", DOSI_TYPE_INT, NULL, false, {"횟수", "How often"}},
};
static const dosi_method_column optimum_columns[] = {
    {"factors", DOSI_TYPE_INT, NULL, false, {"인자 수", "Number of factors"}},
    {"optimum", DOSI_TYPE_INT, NULL, false, {"극소 번호 (1이 최선)", "Minimum, 1 the best"}},
    {"q", DOSI_TYPE_REAL, NULL, false, {"Q", "Q (robust Q in robust mode)"}},
    {"above_best",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"최선보다 높은 비율", "Relative height above the best"}},
    {"n_starts", DOSI_TYPE_INT, NULL, false, {"도달한 시작 수", "Starts that ended there"}},
    {"distance",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"최선과의 성분비 거리 (각의 사인)",
      "Profile distance from the best: sine of the largest angle"}},
};
static const dosi_method_column run_columns[] = {
    {"factors", DOSI_TYPE_INT, NULL, false, {"인자 수", "Number of factors"}},
    {"start", DOSI_TYPE_INT, NULL, false, {"시작", "Start"}},
    {"q", DOSI_TYPE_REAL, NULL, false, {"Q", "Q"}},
    {"q_robust", DOSI_TYPE_REAL, "5", false, {"강건 Q", "Robust Q"}},
    {"kkt",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"남은 Q 감소 (상대)", "Relative fall of Q still promised"}},
    {"n_steps", DOSI_TYPE_INT, NULL, false, {"뉴턴 걸음 수", "Newton steps"}},
    {"is_converged", DOSI_TYPE_BOOL, NULL, false, {"수렴", "Converged"}},
    {"optimum", DOSI_TYPE_INT, NULL, false, {"도달한 극소", "Minimum it ended in"}},
};
static const dosi_method_column choice_columns[] = {
    {"factors", DOSI_TYPE_INT, NULL, false, {"인자 수", "Number of factors"}},
    {"q", DOSI_TYPE_REAL, NULL, false, {"Q", "Q"}},
    {"q_robust", DOSI_TYPE_REAL, NULL, false, {"강건 Q", "Robust Q"}},
    {"q_expected", DOSI_TYPE_REAL, "5", false, {"기대 Q", "Expected Q"}},
    {"ratio",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"Q / 기대 Q", "Q over expected Q: look where it stops falling fast"}},
    {"share_near",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"최선의 0.1 % 안에 든 시작 비율", "Share of starts within 0.1 % of the best"}},
    {"n_optima", DOSI_TYPE_INT, NULL, false, {"서로 다른 극소 수", "Distinct minima"}},
};
static const dosi_method_table outputs[PMF_OUTPUTS] = {
    {"profiles", {"성분비", "Profiles"}, false, profile_columns, 6},
    {"contributions", {"기여", "Contributions"}, false, contribution_columns, 4},
    {"species", {"성분별 진단", "Diagnosis of species"}, false, species_columns, 11},
    {"intervals", {"불확도 구간", "Intervals of profiles"}, false, interval_columns, 7},
    {"stability", {"인자의 안정성", "Stability of factors"}, false, stability_columns, 4},
    {"optima", {"서로 다른 해", "Distinct solutions"}, false, optimum_columns, 6},
    {"runs", {"시작별 결과", "Starts"}, false, run_columns, 8},
    {"choice", {"인자 수 비교", "Choice of the number of factors"}, false, choice_columns, 7},
};

/// Solves for one number of factors.
static dosi_status solve(const pmf_job *job,
                         size_t k,
                         dosi_pmf_solution *out,
                         dosi_error *err) {
    dosi_pmf_problem problem = job->problem;
    problem.n_factors = k;
    const dosi_pmf_options options = {
        .n_starts = (size_t)dosi_call_value(job->call, "starts")->integer,
        .seed = (uint64_t)dosi_call_value(job->call, "seed")->integer,
    };
    return dosi_pmf_solve(&problem, &options, job->call->run, out, err);
}

/// Opens all outputs but the contributions; columns of concentrations get the species' unit.
static dosi_status open_outputs(const pmf_job *job, dosi_error *err) {
    const dosi_method_call *call = job->call;
    for (size_t o = 0; o < PMF_OUTPUTS; o++) {
        if (o != PMF_CONTRIBUTIONS) DOSI_TRY(method_open_output(call, o, 0, err));
    }
    const char *unit = job->samples.unit;
    DOSI_TRY(dosi_table_describe(&call->outputs[PMF_PROFILES], 2, unit, NULL, NULL));
    for (size_t c = 4; c < 7; c++) {
        DOSI_TRY(dosi_table_describe(&call->outputs[PMF_INTERVALS], c, unit, NULL, NULL));
    }
    return DOSI_OK;
}

/// The solution asked for, and those of more factors for comparison.
static dosi_status solve_all(pmf_job *job, dosi_error *err) {
    size_t last = (size_t)dosi_call_value(job->call, "factors_to")->integer;
    DOSI_TRY(solve(job, job->problem.n_factors, &job->base, err));
    DOSI_TRY(pmf_put_starts(job, &job->base, err));
    for (size_t k = job->problem.n_factors + 1; k <= last; k++) {
        dosi_pmf_solution other = {0};
        DOSI_TRY(solve(job, k, &other, err));
        dosi_status status = pmf_put_starts(job, &other, err);
        dosi_pmf_solution_destroy(&other);
        DOSI_TRY(status);
    }
    return DOSI_OK;
}

/// The solution to show: base, constrained or rotated.
static dosi_status change_solution(pmf_job *job, dosi_error *err) {
    const dosi_method_call *call = job->call;
    const double fpeak = dosi_call_value(call, "fpeak")->real;
    dosi_pmf_constraint items[MAX_CONSTRAINTS];
    dosi_pmf_constraints constraints = {items, 0, job->samples.total,
                                        dosi_call_value(call, "max_dq")->real};
    DOSI_TRY(pmf_constraints_read(dosi_call_value(call, "constraints")->text, &job->samples,
                                  MAX_CONSTRAINTS, items, &constraints.n, err));
    if (fpeak != 0 && constraints.n > 0) {
        return dosi_fail(err, DOSI_INVALID, "fpeak and constraints do not go together");
    }
    if (constraints.n > 0) {
        DOSI_TRY(dosi_pmf_constrain(&job->problem, &job->base, &constraints, call->run,
                                    &job->shown, err));
    } else if (fpeak != 0) {
        DOSI_TRY(
            dosi_pmf_rotate(&job->problem, &job->base, fpeak, call->run, &job->shown, err));
    } else {
        job->shown = job->base;
        return DOSI_OK;
    }
    job->is_changed = true;
    return DOSI_OK;
}

/// The estimates of error that are asked for.
static dosi_status estimate_errors(pmf_job *job, dosi_error *err) {
    const dosi_method_call *call = job->call;
    const char *listed = dosi_call_value(call, "bs_disp")->text;
    bool *is_displaced = calloc(job->samples.m, sizeof *is_displaced);
    if (!is_displaced) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for species");
    dosi_pmf_error_options options = {
        .n_resamples = (size_t)dosi_call_value(call, "bootstrap")->integer,
        .block = (size_t)dosi_call_value(call, "block")->integer,
        .seed = (uint64_t)dosi_call_value(call, "seed")->integer,
        .is_displaced = is_displaced,
    };
    dosi_status status = DOSI_OK;
    if (options.n_resamples > 0) {
        status = dosi_pmf_bootstrap_run(&job->problem, &job->base, &options, call->run,
                                        &job->bootstrap, err);
    }
    for (size_t j = 0; j < job->samples.m; j++) {
        is_displaced[j] = job->samples.categories[j] == DOSI_PMF_STRONG;
    }
    if (status == DOSI_OK && dosi_call_value(call, "displacement")->boolean) {
        status = dosi_pmf_displace(&job->problem, &job->base, &options, call->run, &job->ranges,
                                   err);
    }
    for (size_t j = 0; j < job->samples.m; j++) {
        is_displaced[j] = pmf_is_listed(listed, job->samples.names[j]);
    }
    if (status == DOSI_OK && *listed) {
        status = dosi_pmf_bootstrap_displace(&job->problem, &job->base, &options, call->run,
                                             &job->pooled, err);
    }
    free(is_displaced);
    return status;
}

static void close_job(pmf_job *job) {
    if (job->is_changed) dosi_pmf_solution_destroy(&job->shown);
    dosi_pmf_solution_destroy(&job->base);
    dosi_pmf_bootstrap_destroy(&job->bootstrap);
    dosi_pmf_ranges_destroy(&job->ranges);
    dosi_pmf_ranges_destroy(&job->pooled);
    pmf_samples_clear(&job->samples);
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    pmf_job job = {.call = call};
    DOSI_TRY(pmf_samples_read(call, &job.samples, err));
    job.problem = (dosi_pmf_problem){
        .n_rows = job.samples.n,
        .n_species = job.samples.m,
        .n_factors = (size_t)dosi_call_value(call, "factors")->integer,
        .x = job.samples.x,
        .u = job.samples.u,
        .alpha = dosi_call_value(call, "robust")->boolean ? 4 : 0,
    };
    dosi_status status = open_outputs(&job, err);
    if (status == DOSI_OK) status = solve_all(&job, err);
    if (status == DOSI_OK) status = change_solution(&job, err);
    if (status == DOSI_OK) status = estimate_errors(&job, err);
    if (status == DOSI_OK) status = pmf_put_outputs(&job, err);
    if (status == DOSI_OK) pmf_put_words(&job);
    close_job(&job);
    return status;
}

const dosi_method dosi_method_air_pmf = {
    .id = "air.pmf",
    .version = 1,
    .title = {"오염원 분해 (PMF)", "Sources by positive matrix factorisation (PMF)"},
    .about =
        {"여러 성분의 농도를 몇 개 오염원의 성분비와 기여로 나눕니다. 무작위 시작을 여러 번 "
         "하여 "
         "해가 하나뿐인지 말하고, 재표집(BS)과 변위(DISP)로 불확도를 구합니다. 인자의 이름은 "
         "성분비를 보고 사람이 붙입니다.",
         "Takes concentrations of many species apart into the profiles of a few sources and "
         "their contributions, none negative, weighted by uncertainty. Many random starts are "
         "run and the report says whether the best solution is the only one; bootstrap (BS), "
         "displacement (DISP) and BS-DISP give intervals. Factors are numbered, not named: "
         "which source a profile is, is for people to say."},
    .citation = "Paatero & Tapper (1994), Environmetrics 5; EPA/600/R-14/108 (2014); Paatero, "
                "Eberly, Brown & Norris (2014), Atmos. Meas. Tech. 7",
    .inputs = inputs,
    .n_inputs = sizeof inputs / sizeof inputs[0],
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = sizeof outputs / sizeof outputs[0],
    .run = run,
};
