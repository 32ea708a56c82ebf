/// @file account.h
/// People of a lab: accounts, organisations, sessions and tokens.
///
/// Passwords are kept as Argon2id, secrets of sessions and tokens (256 random bits) as hashes
/// only. Sign-in is slowed down per account and per address after a few failures. Everything
/// here is audited. A change takes effect at once, in every process.
#ifndef DOSI_GOVERN_ACCOUNT_H
#define DOSI_GOVERN_ACCOUNT_H

#include "govern/gate.h"

enum {
    DOSI_PASSWORD_BYTES = 32, ///< Of a generated password, NUL included.
    DOSI_PASSWORD_SHORTEST = 10,
    DOSI_PASSWORD_LONGEST = 256,
    DOSI_SECRET_BYTES = 64, ///< Of a session's or token's secret, NUL included.
    DOSI_LABEL_BYTES = 128,
};

/// "visitor", "member", "steward", "administrator".
const char *dosi_role_name(dosi_role role);

/// DOSI_INVALID names the roles.
DOSI_CHECKED dosi_status dosi_role_from_name(const char *name, dosi_role *out, dosi_error *err);

/// "see", "read", "write", "describe", "manage".
const char *dosi_action_name(dosi_action action);

/// Bits of "see,read,..." (or "all"). DOSI_INVALID names the scopes.
DOSI_CHECKED dosi_status dosi_scopes_parse(const char *names, unsigned *out, dosi_error *err);

/// Appends "see,read,...".
void dosi_scopes_put(dosi_text *out, unsigned scopes);

/// An account, without its secrets.
typedef struct dosi_account {
    int64_t id;
    char name[DOSI_NAME_BYTES];
    dosi_role role;
    bool must_change_password;
    bool is_off; ///< May not sign in; tokens do not work.
    int64_t created_utc_us;
    int64_t signed_in_utc_us; ///< Last time; 0: never.
    size_t n_organisations;
    char organisations[DOSI_CALLER_ORGANISATIONS][DOSI_NAME_BYTES];
} dosi_account;

// --- signing in ----------------------------------------------------------------------------

/// Signs in. Sessions end after 12 hours without use, and after 7 days.
/// @param address  Where from, for slowing down guesses; NULL: not known.
/// @param secret   (DOSI_SECRET_BYTES) out: for the cookie.
/// @return DOSI_OK; DOSI_UNAUTHENTICATED (name or password is wrong: which is not said);
///         DOSI_BUSY (too many failures: wait).
DOSI_CHECKED dosi_status dosi_account_sign_in(dosi_gate *gate,
                                              const char *name,
                                              const char *password,
                                              const char *address,
                                              char *secret,
                                              dosi_error *err);

/// Ends a session; nothing happens when there is none.
DOSI_CHECKED dosi_status dosi_account_sign_out(dosi_gate *gate,
                                               const char *secret,
                                               dosi_error *err);

/// Changes the caller's own password and ends their other sessions.
/// @param secret  The session to keep; NULL: end all.
/// @return DOSI_OK; DOSI_UNAUTHENTICATED; DOSI_DENIED (old is wrong); DOSI_INVALID (new is too
///         short, or as the old one); DOSI_BUSY.
DOSI_CHECKED dosi_status dosi_account_change_password(dosi_gate *gate,
                                                      const dosi_caller *caller,
                                                      const char *old_password,
                                                      const char *new_password,
                                                      const char *secret,
                                                      dosi_error *err);

// --- accounts: the administrator's --------------------------------------------------------

/// The account of an id. DOSI_NOT_FOUND.
DOSI_CHECKED dosi_status dosi_account_find(dosi_gate *gate,
                                           int64_t account_id,
                                           dosi_account *out,
                                           dosi_error *err);

/// Makes an account with a one-time password, to be changed at the first sign-in.
/// @param password  (DOSI_PASSWORD_BYTES) out.
DOSI_CHECKED dosi_status dosi_account_create(dosi_gate *gate,
                                             const dosi_caller *caller,
                                             const char *name,
                                             dosi_role role,
                                             char *password,
                                             dosi_error *err);

/// Visits every account, by name.
DOSI_CHECKED dosi_status dosi_account_each(dosi_gate *gate,
                                           const dosi_caller *caller,
                                           dosi_status (*visit)(void *context,
                                                                const dosi_account *account,
                                                                dosi_error *err),
                                           void *context,
                                           dosi_error *err);

/// Gives an account another role. The last administrator keeps theirs (DOSI_CONFLICT).
DOSI_CHECKED dosi_status dosi_account_set_role(dosi_gate *gate,
                                               const dosi_caller *caller,
                                               const char *name,
                                               dosi_role role,
                                               dosi_error *err);

/// Switches an account off (its sessions end, its tokens stop) or on again.
DOSI_CHECKED dosi_status dosi_account_switch(
    dosi_gate *gate, const dosi_caller *caller, const char *name, bool is_on, dosi_error *err);

/// Makes an account a member of an organisation, or ends that.
DOSI_CHECKED dosi_status dosi_account_join(dosi_gate *gate,
                                           const dosi_caller *caller,
                                           const char *name,
                                           const char *organisation,
                                           bool is_member,
                                           dosi_error *err);

/// Gives an account a new one-time password and ends its sessions.
DOSI_CHECKED dosi_status dosi_account_reset_password(dosi_gate *gate,
                                                     const dosi_caller *caller,
                                                     const char *name,
                                                     char *password,
                                                     dosi_error *err);

// --- tokens: everyone's own ---------------------------------------------------------------

/// A token, without its secret.
typedef struct dosi_token {
    int64_t id;
    int64_t account_id;
    char label[DOSI_LABEL_BYTES];
    unsigned scopes;
    int64_t created_utc_us, expires_utc_us;
    int64_t used_utc_us; ///< To the minute; 0: never.
} dosi_token;

/// Makes a token for the caller, with at most the caller's own scopes, for 1 to 366 days.
/// @param secret  (DOSI_SECRET_BYTES) out: shown once.
DOSI_CHECKED dosi_status dosi_token_create(dosi_gate *gate,
                                           const dosi_caller *caller,
                                           const dosi_token *wanted,
                                           dosi_token *out,
                                           char *secret,
                                           dosi_error *err);

/// Visits the caller's tokens, newest first.
DOSI_CHECKED dosi_status dosi_token_each(dosi_gate *gate,
                                         const dosi_caller *caller,
                                         dosi_status (*visit)(void *context,
                                                              const dosi_token *token,
                                                              dosi_error *err),
                                         void *context,
                                         dosi_error *err);

/// Ends a token of the caller (an administrator: of anyone). DOSI_NOT_FOUND.
DOSI_CHECKED dosi_status dosi_token_revoke(dosi_gate *gate,
                                           const dosi_caller *caller,
                                           int64_t token_id,
                                           dosi_error *err);

#endif // DOSI_GOVERN_ACCOUNT_H
