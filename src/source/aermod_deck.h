/// @file aermod_deck.h
/// An AERMOD run ("deck", *.inp): what is emitted, where it is wanted, which weather, which
/// results. Read as text, checked, and given as plain structures; nothing is computed here.
///
/// Sources of every type are read; whoever runs the deck says which it can model.
#ifndef DOSI_SOURCE_AERMOD_DECK_H
#define DOSI_SOURCE_AERMOD_DECK_H

#include "dosi/text.h"

#include "source/aermod_met.h"

enum {
    AERMOD_ID_BYTES = 13,
    AERMOD_PATH_BYTES = 512,
    AERMOD_PARAMETERS = 8,
    AERMOD_SECTORS = 36,
    AERMOD_AMBIENT_SECTORS = 6,
    AERMOD_AMBIENT = 0x7fff0000, ///< From here on, "sources" are ambient air by the hour.
    AERMOD_HOURLY = 4,           ///< Most values of a source and hour in a file of HOUREMIS.
    AERMOD_PARTICLES = 64,       ///< Most sizes of a source's particles.
};

/// What a run computes, in the order of its result files' columns.
typedef enum dosi_aermod_output {
    AERMOD_CONC,  ///< Concentration.
    AERMOD_DEPOS, ///< Deposited, dry and wet.
    AERMOD_DDEP,  ///< Dry.
    AERMOD_WDEP,  ///< Wet.
    AERMOD_OUTPUTS,
} dosi_aermod_output;

typedef enum dosi_aermod_kind {
    AERMOD_POINT,
    AERMOD_POINTCAP,
    AERMOD_POINTHOR,
    AERMOD_VOLUME,
    AERMOD_AREA,
    AERMOD_AREAPOLY,
    AERMOD_AREACIRC,
    AERMOD_LINE,
    AERMOD_RLINE,
    AERMOD_RLINEXT,
    AERMOD_OPENPIT,
    AERMOD_BUOYLINE,
    AERMOD_SWPOINT,
    AERMOD_KINDS,
} dosi_aermod_kind;

/// How an emission varies; the number of factors goes with it.
typedef enum dosi_aermod_variation {
    AERMOD_CONSTANT,
    AERMOD_SEASON,  ///< 4
    AERMOD_MONTH,   ///< 12
    AERMOD_HROFDY,  ///< 24
    AERMOD_WSPEED,  ///< 6
    AERMOD_SEASHR,  ///< 96: season, hour
    AERMOD_HRDOW,   ///< 72: weekday, Saturday, Sunday; hour
    AERMOD_HRDOW7,  ///< 168
    AERMOD_SHRDOW,  ///< 288: day, season, hour
    AERMOD_SHRDOW7, ///< 672
    AERMOD_MHRDOW,  ///< 864: day, month, hour
    AERMOD_MHRDOW7, ///< 2016
    AERMOD_VARIATIONS,
} dosi_aermod_variation;

/// PSDGROUP: what a source is in the accounts of growth.
typedef enum dosi_aermod_psd {
    AERMOD_PSD_NONE,
    AERMOD_PSD_INCREMENT, ///< INCRCONS: consumes the increment.
    AERMOD_PSD_RETIRED,   ///< RETRBASE: was there, and is no more.
    AERMOD_PSD_BASE,      ///< NONRBASE: was there, and is.
} dosi_aermod_psd;

/// Building dimensions by wind sector: height, width, length, and where the upwind face is.
typedef struct dosi_aermod_building {
    size_t n[5]; ///< How many of each were given.
    double height_m[AERMOD_SECTORS], width_m[AERMOD_SECTORS], length_m[AERMOD_SECTORS];
    double along_m[AERMOD_SECTORS], across_m[AERMOD_SECTORS];
} dosi_aermod_building;

/// Sizes of a source's particles: PARTDIAM, MASSFRAX and PARTDENS, or METHOD_2.
typedef struct dosi_aermod_particles {
    size_t n[3]; ///< How many of each were given; at the end the three are equal.
    double diameter_um[AERMOD_PARTICLES];
    double fraction[AERMOD_PARTICLES]; ///< Of the mass; METHOD_2: of the fine ones.
    double density_gcm3[AERMOD_PARTICLES];
    bool is_method_2;
} dosi_aermod_particles;

/// GASDEPOS: how a gas is taken up.
typedef struct dosi_aermod_gas {
    double diffusivity_air_m2s, diffusivity_water_m2s, cuticle_sm, henry_pam3mol;
} dosi_aermod_gas;

/// A source. Coordinates and parameters are as written, lengths in metres.
typedef struct dosi_aermod_source {
    char id[AERMOD_ID_BYTES];
    dosi_aermod_kind kind;
    double x, y, z;      ///< Where it is; of lines, the beginning.
    double x2, y2;       ///< The end of a line.
    double z1, z2;       ///< RLINEXT: heights of both ends.
    bool is_flat;        ///< Follows the terrain (FLAT in place of the elevation).
    size_t n_parameters; ///< Of SRCPARAM; 0: none given.
    double parameter[AERMOD_PARAMETERS];
    size_t first_vertex, n_vertices; ///< AREAVERT: in the deck's `vertices`.
    size_t building;                 ///< Index + 1 in `buildings`; 0: none.
    size_t urban;                    ///< Index + 1 in `urbans`; 0: rural.
    double no2_share;                ///< NO2 in the NOx emitted; NaN: not told.
    bool has_no2_share;              ///< NO2RATIO
    size_t olm;                      ///< Number of its OLMGROUP; 0: none.
    dosi_aermod_psd psd;
    size_t row; ///< BUOYLINE: index + 1 in `rows`; 0: none.
    dosi_aermod_variation variation;
    size_t first_factor, n_factors;
    bool has_hourly;  ///< HOUREMIS: emissions come from a file: dosi_aermod_hourly().
    size_t particles; ///< Index + 1 in `particles`; 0: none.
    bool has_gas;
    dosi_aermod_gas gas;
    double barrier[4]; ///< RLINEXT: height and distance of up to two walls.
    size_t n_barrier;
    double depression[3]; ///< RLINEXT: depth, width at the top and at the bottom.
    bool has_depression;
} dosi_aermod_source;

/// A group of sources: bit s % 8 of member[s / 8].
typedef struct dosi_aermod_group {
    char id[AERMOD_ID_BYTES];
    uint8_t *member;
    bool has_background;
} dosi_aermod_group;

/// What the air has before the run's own sources.
typedef enum dosi_aermod_ambient_kind {
    AERMOD_OZONE,
    AERMOD_NOX, ///< As NO2.
    AERMOD_BACKGROUND,
    AERMOD_AMBIENTS,
} dosi_aermod_ambient_kind;

/// ... of air that goes towards a sector.
typedef struct dosi_aermod_ambient_sector {
    bool has_value, has_file;
    double value;      ///< One for all hours ...
    double value_unit; ///< ... ug/m3 of one; 0: the whole's.
    dosi_aermod_variation variation;
    size_t first_factor, n_factors; ///< Values that vary; 0: none.
    double file_unit;               ///< Of hours from a file; 0: the whole's.
} dosi_aermod_ambient_sector;

/// OZONEVAL, O3VALUES, OZONEFIL and O3SECTOR, and the same of NOx and background. What goes by
/// the hour is in the deck's `emissions`.
typedef struct dosi_aermod_ambient {
    size_t n_sectors; ///< 0: one for all winds.
    double from_deg[AERMOD_AMBIENT_SECTORS];
    double unit; ///< ug/m3 of one.
    dosi_aermod_ambient_sector sector[AERMOD_AMBIENT_SECTORS];
} dosi_aermod_ambient;

/// How NOx becomes NO2.
typedef enum dosi_aermod_no2 {
    AERMOD_NO2_NONE,
    AERMOD_NO2_ARM2,
    AERMOD_NO2_OLM,
    AERMOD_NO2_PVMRM,
    AERMOD_NO2_TTRM,
    AERMOD_NO2_GRSM,
} dosi_aermod_no2;

typedef struct dosi_aermod_urban {
    char id[AERMOD_ID_BYTES];
    double population, roughness_m;
} dosi_aermod_urban;

/// BLPINPUT: means of a group of buoyant lines.
typedef struct dosi_aermod_row {
    char id[AERMOD_ID_BYTES]; ///< Empty: of all buoyant lines.
    double length_m, height_m, width_m, line_width_m, gap_m;
    double buoyancy; ///< Of one line, m4/s3.
} dosi_aermod_row;

/// What a file of HOUREMIS says of a source in an hour.
typedef struct dosi_aermod_emission {
    size_t source;
    int64_t stamp; ///< As of weather: yymmddhh.
    /// Emission; then of points temperature and speed, of volumes height and both spreads, of
    /// areas and lines height and spread, of buoyant lines the buoyancy.
    double value[AERMOD_HOURLY];
    size_t n; ///< 0: none was given, nothing is emitted.
} dosi_aermod_emission;

typedef struct dosi_aermod_receptor {
    double x, y, z, hill, flag;
} dosi_aermod_receptor;

typedef enum dosi_aermod_result_kind {
    AERMOD_POSTFILE, ///< Every hour (or period) at every receptor.
    AERMOD_PLOTFILE, ///< The highest of each receptor, or the mean of the period.
    AERMOD_SUMMARY,  ///< SUMMFILE: the highest of all receptors, of every average and group.
} dosi_aermod_result_kind;

/// A result file that the run would write.
typedef struct dosi_aermod_result {
    dosi_aermod_result_kind kind;
    int average_h; ///< 0: the whole period. Of a summary nothing but the path is known.
    int rank;      ///< PLOTFILE: 1 for the highest; 0: the mean.
    char group[AERMOD_ID_BYTES];
    char path[AERMOD_PATH_BYTES];
} dosi_aermod_result;

/// A run. Zero-initialise; dosi_aermod_deck_clear() after.
typedef struct dosi_aermod_deck {
    char title[AERMOD_PATH_BYTES];
    char pollutant[AERMOD_ID_BYTES];
    bool is_flat, is_elevated; ///< MODELOPT FLAT, ELEV (the default); both: by source.
    bool has_output[AERMOD_OUTPUTS];
    size_t n_outputs;                 ///< How many; columns of result files are in their order.
    bool is_regulatory;               ///< DFAULT, which overrides FLAT.
    bool is_kept_dry;                 ///< NODRYDPLT: plumes lose nothing by it.
    bool is_kept_wet;                 ///< NOWETDPLT
    bool is_exponential;              ///< FILEFORM EXP: six digits and an exponent.
    double concentration_unit;        ///< Micrograms in the unit of results: CONCUNIT.
    double deposition_unit;           ///< Grams in it: DEPOUNIT.
    double gas_velocity_ms;           ///< GASDEPVD; 0: not told.
    uint8_t season[12];               ///< GDSEASON: 1..5 by month; 0: not told.
    uint8_t land_use[AERMOD_SECTORS]; ///< GDLANUSE: 1..9; 0: not told.
    double gas_reactivity, leaves[2]; ///< GASDEPDF; of seasons 2 and 5.
    bool is_without_stack_tip;        ///< NOSTD
    bool is_fast;                     ///< FASTAREA, FASTALL
    bool is_screening;                ///< SCREEN
    double half_life_s;               ///< 0: none.
    double flagpole_m;                ///< Height of receptors where not given.
    char unsupported[AERMOD_PATH_BYTES]; ///< Options that change results and are not read.
    char unknown[AERMOD_PATH_BYTES];     ///< Keywords that nobody knows; passed over.
    size_t n_sources, n_groups, n_urbans, n_receptors, n_results, n_buildings;
    size_t n_particles;
    dosi_aermod_source *sources;
    dosi_aermod_group *groups;
    dosi_aermod_urban *urbans;
    dosi_aermod_receptor *receptors;
    dosi_aermod_result *results;
    dosi_aermod_building *buildings;
    dosi_aermod_particles *particles;
    double (*vertices)[2]; ///< x, y
    size_t n_vertices;
    double *factors;
    size_t n_factors;
    dosi_aermod_row *rows;
    size_t n_rows;
    dosi_aermod_emission *emissions; ///< By source, then hour.
    bool has_hourly_file;            ///< HOUREMIS: a file was there.
    size_t n_emissions;
    dosi_aermod_ambient ambient[AERMOD_AMBIENTS];
    bool is_ozone_unbounded; ///< NOMINO3: no least ozone in stable air.
    bool is_psd_credit;      ///< PSDCREDIT: groups NAAQS and PSDINC.
    dosi_aermod_no2 no2;
    double no2_stack, no2_most;      ///< NO2STACK (NaN: not told), NO2EQUIL.
    double arm2_least, arm2_most;    ///< ARMRATIO
    size_t n_olm;                    ///< OLMGROUPs.
    int64_t first_stamp, last_stamp; ///< STARTEND: yyyymmddhh of the hours used; 0: all.
    bool has_days;                   ///< DAYRANGE: only the days of the two lists are used.
    bool day_of_year[367];           ///< By number, from 1.
    bool day_of_month[13][32];       ///< By month and day, from 1.
    double wind_limits[5];           ///< Upper ends of the wind speed classes of WSPEED.
    char surface_path[AERMOD_PATH_BYTES], profile_path[AERMOD_PATH_BYTES];
    double profile_base_m;
    double rotation_deg; ///< Taken from every wind direction.
    double limits[6];    ///< LOW_WIND: as written; NaN: EPA's.
} dosi_aermod_deck;

/// Gives the text of a file that the deck includes.
typedef struct dosi_aermod_files {
    dosi_status (*read)(void *context, const char *name, dosi_text *out, dosi_error *err);
    void *context;
} dosi_aermod_files;

/// Reads a deck.
/// @param files  Of INCLUDED; NULL: such a line fails.
/// @return DOSI_OK; DOSI_PARSE, DOSI_LIMIT naming file and line.
DOSI_CHECKED dosi_status dosi_aermod_deck_read(const dosi_aermod_text *text,
                                               const dosi_aermod_files *files,
                                               dosi_aermod_deck *out,
                                               dosi_error *err);

/// Frees what `deck` holds.
void dosi_aermod_deck_clear(dosi_aermod_deck *deck);

/// Whether source `s` belongs to a group.
bool dosi_aermod_in_group(const dosi_aermod_group *group, size_t s);

/// The factor of a source's emission in an hour.
double dosi_aermod_factor(const dosi_aermod_deck *deck,
                          const dosi_aermod_source *source,
                          const dosi_aermod_hour *hour);

/// What a source emits in an hour by its file of HOUREMIS; NULL: the file does not say.
const dosi_aermod_emission *dosi_aermod_hourly(const dosi_aermod_deck *deck,
                                               size_t source,
                                               int64_t stamp);

/// Whether a run has ambient air of a kind.
bool dosi_aermod_has_ambient(const dosi_aermod_deck *deck, dosi_aermod_ambient_kind kind);

/// Ambient air in an hour, ug/m3; NaN: the file does not say, and nothing stands in for it.
double dosi_aermod_ambient_at(const dosi_aermod_deck *deck,
                              dosi_aermod_ambient_kind kind,
                              const dosi_aermod_hour *hour);

/// Ozone in the hour `h` of the weather, ug/m3, NaN as above. In stable air what a file says is
/// never less than the highest of the 24 hours before (78.4 at most), less so as the air is
/// less stable.
double dosi_aermod_ozone_at(const dosi_aermod_deck *deck, const dosi_aermod_met *met, size_t h);

/// Whether the run uses an hour.
bool dosi_aermod_uses_hour(const dosi_aermod_deck *deck, const dosi_aermod_hour *hour);

/// "POINT" and so on.
const char *dosi_aermod_kind_name(dosi_aermod_kind kind);

#endif // DOSI_SOURCE_AERMOD_DECK_H
