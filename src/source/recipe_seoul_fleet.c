// Recipe seoul-fleet-monthly: Seoul's registered vehicles by month, class and fuel.

#include "source/recipe.h"

static const dosi_recipe_column columns[] = {
    {"기간", "month", NULL, false, "달의 첫날", "first day of the month"},
    {"차종별", "vehicle_class", NULL, false, "차종: 승용차, 승합차, 화물차, 특수차",
     "class: cars, vans and buses (승합차), goods (화물차), special (특수차)"},
    {"휘발유", "petrol", "{vehicle}", false, "휘발유", "petrol"},
    {"경유", "diesel", "{vehicle}", false, "경유", "diesel"},
    {"LPG", "lpg", "{vehicle}", false, "LPG", "LPG"},
    {"CNG", "cng", "{vehicle}", false, "CNG", "CNG"},
    {"하이브리드", "hybrid", "{vehicle}", false, "하이브리드", "hybrid"},
    {"전기", "electric", "{vehicle}", false, "전기", "electric"},
    {"수소", "hydrogen", "{vehicle}", true, "수소", "hydrogen"},
    {"기타", "other", "{vehicle}", true, "기타", "other"},
};

static dosi_status apply(const dosi_source_file *file,
                         const dosi_source_options *options,
                         dosi_source_result *result,
                         dosi_error *err) {
    dosi_recipe_job job = {file, options, result};
    DOSI_TRY(dosi_recipe_columns(columns, sizeof columns / sizeof columns[0], result, err));
    return dosi_recipe_as(&job, "month", DOSI_TYPE_DATE, err);
}

const dosi_recipe dosi_recipe_seoul_fleet = {
    .name = "seoul-fleet-monthly",
    .title_ko = "서울 연료별 자동차 등록",
    .title_en = "Registered vehicles of Seoul by class and fuel",
    .about = "기간 (2015-01), 차종별 and a column of counts for each fuel.",
    .publisher = "Seoul Metropolitan Government",
    .frequency = "MONTHLY",
    .types = "기간:date",
    .apply = apply,
};
