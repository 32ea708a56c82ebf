// Jobs as they go on: told by the server's events, asked for where events do not come through.
import { api } from '../shared/api';
import type { Job } from '../shared/types';

const ASK_EVERY_MS = 2000;

export const isOver = (job: Job): boolean => !['accepted', 'running'].includes(job.state);

/**
 * Watches one job until it is over. Calls `tell` with each state, `fail` when it cannot be read.
 * Returns what ends the watch.
 */
export function watchJob(
  id: string,
  tell: (job: Job) => void,
  fail: (problem: unknown) => void,
): () => void {
  let isClosed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const events = new EventSource(api.eventsUrl);

  const take = (job: Job) => {
    if (isClosed) return;
    tell(job);
    if (isOver(job)) close();
  };
  const ask = async () => {
    try {
      take(await api.job(id));
    } catch (problem) {
      if (!isClosed) fail(problem);
      close();
    }
    // Events may be lost on the way; a question now and then costs little.
    if (!isClosed) timer = setTimeout(ask, ASK_EVERY_MS);
  };
  events.addEventListener('job', (event) => {
    const told = JSON.parse((event as MessageEvent<string>).data) as Job | { job: Job };
    const job = 'job' in told ? told.job : told;
    if (job.id === id) take(job);
  });
  function close() {
    isClosed = true;
    clearTimeout(timer);
    events.close();
  }
  void ask();
  return close;
}
