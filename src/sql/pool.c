// Databases kept open for our own reads and writes of Parquet: opening one takes longer than
// most of what is done with it.

#include "sql/database.h"

#include <assert.h>
#include <pthread.h>
#include <unistd.h>

enum { POOL_SIZE = 4 };

/// Idle databases. A child process has no use for those of its parent: DuckDB's threads do not
/// follow a fork, so `owner` says whose they are.
static struct {
    pthread_mutex_t mutex;
    pid_t owner;
    size_t n_idle[2];
    dosi_sql *idle[2][POOL_SIZE]; ///< [is_ordered]
} pool = {.mutex = PTHREAD_MUTEX_INITIALIZER};

dosi_status dosi_sql_borrow(bool is_ordered, dosi_sql **out, dosi_error *err) {
    // Room for the rows of a row group on their way: tables stay ours.
    const dosi_sql_options options = {.memory_bytes = (size_t)2 << 30,
                                      .n_threads = is_ordered ? 1 : 0};
    dosi_sql *sql = NULL;
    (void)pthread_mutex_lock(&pool.mutex);
    if (pool.owner != getpid()) {
        pool.owner = getpid();
        pool.n_idle[0] = 0;
        pool.n_idle[1] = 0;
    }
    if (pool.n_idle[is_ordered] > 0) sql = pool.idle[is_ordered][--pool.n_idle[is_ordered]];
    (void)pthread_mutex_unlock(&pool.mutex);
    if (!sql) DOSI_TRY(dosi_sql_open(&options, &sql, err));
    *out = sql;
    return DOSI_OK;
}

void dosi_sql_give_back(bool is_ordered, bool is_good, dosi_sql *sql) {
    if (!sql) return;
    (void)pthread_mutex_lock(&pool.mutex);
    if (is_good && pool.owner == getpid() && pool.n_idle[is_ordered] < POOL_SIZE) {
        pool.idle[is_ordered][pool.n_idle[is_ordered]++] = sql;
        sql = NULL;
    }
    (void)pthread_mutex_unlock(&pool.mutex);
    dosi_sql_close(sql);
}
