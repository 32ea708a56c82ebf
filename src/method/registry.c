// The list of methods (methods.def) and what every method needs: settings and checks.

#include "dosi/method.h"

#include <assert.h>
#include <string.h>

#define METHOD(name) extern const dosi_method dosi_method_##name;
#include "method/methods.def"
#undef METHOD

static const dosi_method *const methods[] = {
#define METHOD(name) &dosi_method_##name,
#include "method/methods.def"
#undef METHOD
    NULL,
};

const dosi_method *const *dosi_methods(size_t *n_methods) {
    *n_methods = sizeof methods / sizeof methods[0] - 1;
    return methods;
}

const dosi_method *dosi_method_find(const char *id) {
    assert(id);
    for (size_t i = 0; methods[i]; i++) {
        if (strcmp(methods[i]->id, id) == 0) return methods[i];
    }
    return NULL;
}
