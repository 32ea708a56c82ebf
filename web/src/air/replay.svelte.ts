// The map's state for an episode: its layers, cut to the hours around it.
import { api } from '../shared/api';
import { clockKey } from '../shared/format';
import { Now } from '../map/now.svelte';

const AROUND = 6;

export class Replay extends Now {
  #asked = 0;

  constructor() {
    super(new URLSearchParams());
  }

  /** Shows the grid of a value from a few hours before the episode to a few after. */
  async show(organisation: string, column: string, from: string, to: string): Promise<boolean> {
    const asked = ++this.#asked;
    const { layers, base } = await api.layers();
    if (asked !== this.#asked) return Boolean(this.layer); // another episode was chosen meanwhile
    this.bases = base;
    this.layers = layers
      .filter((one) => one.organisation === organisation && one.times)
      .map((one) => {
        const times = one.times ?? [];
        const first = times.findIndex((time) => clockKey(time) >= clockKey(from));
        const after = times.findIndex((time) => clockKey(time) > clockKey(to));
        const last = after < 0 ? times.length : after;
        return {
          ...one,
          times: first < 0 ? [] : times.slice(Math.max(0, first - AROUND), last + AROUND),
        };
      });
    this.isLoading = false;
    const layer = this.layers.find((one) => one.kind === 'grid' && one.value === column);
    if (!layer?.times?.length) return false;
    this.pick(layer.id);
    this.goTo(0);
    return true;
  }
}
