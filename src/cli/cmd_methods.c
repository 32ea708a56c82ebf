// dosi methods: what can be computed, from the descriptors.

#include "cli/cli.h"
#include "dosi/method.h"
#include "table/write.h"

#include <string.h>

/// All descriptors as one JSON array.
static dosi_status print_all_json(dosi_error *err) {
    size_t n = 0;
    const dosi_method *const *methods = dosi_methods(&n);
    dosi_text text = {0};
    dosi_text_putc(&text, '[');
    for (size_t i = 0; i < n; i++) {
        if (i) dosi_text_puts(&text, ",\n ");
        dosi_method_put_json(&text, methods[i]);
    }
    dosi_text_puts(&text, "]\n");
    dosi_status status = dosi_text_status(&text, err);
    if (status == DOSI_OK) (void)fputs(dosi_text_string(&text), stdout);
    dosi_text_destroy(&text);
    return status;
}

/// Prints `text` in lines of at most 88 columns, each after `indent` spaces.
static void print_wrapped(const char *text, int indent) {
    size_t width = 0;
    (void)printf("%*s", indent, "");
    while (*text) {
        size_t length = strcspn(text, " ");
        size_t columns = dosi_text_width(text, length);
        if (width && width + 1 + columns > (size_t)(88 - indent)) {
            (void)printf("\n%*s", indent, "");
            width = 0;
        }
        if (width) {
            (void)putchar(' ');
            width++;
        }
        (void)printf("%.*s", (int)length, text);
        width += columns;
        text += length + strspn(text + length, " ");
    }
    (void)putchar('\n');
}

static void print_tables(const char *heading, const dosi_method_table *tables, size_t n) {
    (void)printf("\n%s\n", heading);
    for (size_t i = 0; i < n; i++) {
        const dosi_method_table *table = &tables[i];
        (void)printf("  %s%s  %s / %s\n", table->name, table->is_optional ? " (optional)" : "",
                     table->title.en, table->title.ko);
        for (size_t c = 0; c < table->n_columns; c++) {
            const dosi_method_column *column = &table->columns[c];
            (void)printf("    %-14s %-8s %-7s %s%s\n", column->name,
                         dosi_type_name(column->type), column->unit ? column->unit : "",
                         column->is_optional ? "(optional) " : "", column->meaning.en);
        }
    }
}

static void print_parameters(const dosi_method *method) {
    (void)printf("\nParameters\n");
    for (size_t i = 0; i < method->n_parameters; i++) {
        const dosi_method_parameter *p = &method->parameters[i];
        (void)printf("  %-14s %s%s%s", p->name, p->title.en, p->unit ? ", " : "",
                     p->unit ? p->unit : "");
        if (p->kind == DOSI_PARAMETER_CHOICE) (void)printf("; one of %s", p->choices);
        if (p->min != p->max) (void)printf("; %g..%g", p->min, p->max);
        if (!p->default_value) {
            (void)printf("; must be given\n");
        } else {
            (void)printf("; default %s\n", *p->default_value ? p->default_value : "none");
        }
    }
}

static void print_method(const dosi_method *method) {
    (void)printf("%s (version %d)\n%s / %s\n\n", method->id, method->version, method->title.en,
                 method->title.ko);
    print_wrapped(method->about.en, 0);
    print_wrapped(method->about.ko, 0);
    print_tables("Inputs", method->inputs, method->n_inputs);
    print_parameters(method);
    print_tables("Outputs", method->outputs, method->n_outputs);
    (void)printf("\nSource\n");
    print_wrapped(method->citation, 2);
}

static dosi_status show(const char *id, bool is_json, dosi_error *err) {
    const dosi_method *method = dosi_method_find(id);
    if (!method) {
        return dosi_fail(err, DOSI_NOT_FOUND, "no method \"%s\"; `dosi methods` lists them",
                         id);
    }
    if (!is_json) {
        print_method(method);
        return DOSI_OK;
    }
    dosi_text text = {0};
    dosi_method_put_json(&text, method);
    dosi_status status = dosi_text_status(&text, err);
    if (status == DOSI_OK) (void)puts(dosi_text_string(&text));
    dosi_text_destroy(&text);
    return status;
}

dosi_status dosi_cmd_methods(int argc, char **argv, dosi_error *err);

dosi_status dosi_cmd_methods(int argc, char **argv, dosi_error *err) {
    bool is_json = dosi_cli_flag(&argc, argv, "json");
    DOSI_TRY(dosi_cli_no_more_options(argc, argv, err));
    if (argc == 3 && strcmp(argv[1], "show") == 0) return show(argv[2], is_json, err);
    if (argc != 1)
        return dosi_fail(err, DOSI_INVALID, "usage: dosi methods [show ID] [--json]");
    if (is_json) return print_all_json(err);
    size_t n = 0;
    const dosi_method *const *methods = dosi_methods(&n);
    for (size_t i = 0; i < n; i++) {
        (void)printf("%-16s %s / %s\n", methods[i]->id, methods[i]->title.en,
                     methods[i]->title.ko);
    }
    (void)printf("\n`dosi methods show ID` says what one takes and gives.\n");
    return DOSI_OK;
}
