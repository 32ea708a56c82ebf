// Korean and English. A key missing in either language fails the type check.
import { keep, kept } from '../kept';
import type { Words } from '../types';
import { en, type Key } from './en';
import { ko } from './ko';

export type Language = 'ko' | 'en';
export type { Key };

const texts: Record<Language, Record<Key, string>> = { ko, en };

function asLanguage(text: string | null | undefined): Language | null {
  const short = text?.slice(0, 2);
  return short === 'ko' || short === 'en' ? short : null;
}

class I18n {
  language = $state<Language>(
    asLanguage(new URLSearchParams(location.search).get('lang')) ??
      asLanguage(kept('lang')) ??
      (asLanguage(navigator.language) === 'ko' ? 'ko' : 'en'),
  );
  readonly locale = $derived(this.language === 'ko' ? 'ko-KR' : 'en-GB');

  choose(language: Language): void {
    this.language = language;
    keep('lang', language);
  }
}

export const i18n = new I18n();

/** The text of a key with its {names} filled in. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return texts[i18n.language][key].replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in values ? String(values[name]) : whole,
  );
}

/** Text that the server gave in both languages, in the reader's or else the other one. */
export function words(both: Words | string | null | undefined, otherwise = ''): string {
  if (typeof both === 'string') return both || otherwise;
  const other = i18n.language === 'ko' ? 'en' : 'ko';
  return both?.[i18n.language] || both?.[other] || otherwise;
}
