// What went wrong, in words for people: what happened, and what they can do.
import { ApiError } from './api';
import { t } from './i18n/index.svelte';

export function problemText(problem: unknown): string {
  if (!(problem instanceof ApiError)) return t('problem.unknown');
  if (problem.status === 0) return t('problem.unreachable');
  if (problem.status === 401) return t('problem.signin');
  if (problem.status === 403) return t('problem.forbidden');
  if (problem.status === 404) return t('problem.missing');
  if (problem.status === 429) return t('problem.toomany');
  return problem.detail || problem.title || t('problem.unknown');
}
