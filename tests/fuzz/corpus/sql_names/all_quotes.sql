select "a/b", E'it\'s "x"', $t$ "y" $t$ from "org/name@3" /* /* "z" */ */ -- "q"
where "n""m" = 1