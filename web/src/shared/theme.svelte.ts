// Light and dark: as the system says until the reader chooses.
import { keep, kept } from './kept';

export type ThemeChoice = 'auto' | 'light' | 'dark';

const dark = matchMedia('(prefers-color-scheme: dark)');

function asChoice(text: string | null): ThemeChoice {
  return text === 'light' || text === 'dark' ? text : 'auto';
}

class Theme {
  choice = $state<ThemeChoice>(
    asChoice(new URLSearchParams(location.search).get('theme') ?? kept('theme')),
  );
  #system = $state<'light' | 'dark'>(dark.matches ? 'dark' : 'light');
  readonly shown = $derived(this.choice === 'auto' ? this.#system : this.choice);

  constructor() {
    dark.addEventListener('change', () => (this.#system = dark.matches ? 'dark' : 'light'));
  }

  choose(choice: ThemeChoice): void {
    this.choice = choice;
    keep('theme', choice === 'auto' ? null : choice);
  }
}

export const theme = new Theme();

/** Whether the reader asked for less motion. */
export const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
