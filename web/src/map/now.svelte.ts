// The state of the map page, all of it: what is shown, when, where, and what is selected. The
// address holds it, so a link gives the same view to somebody else.
import { api } from '../shared/api';
import { clockKey } from '../shared/format';
import { i18n } from '../shared/i18n/index.svelte';
import { theme } from '../shared/theme.svelte';
import type { Base, Layer } from '../shared/types';
import { Frames, type LoadedFrame } from './frames';

export type Selection = { key: string } | { lon: number; lat: number };
export interface Camera {
  lon: number;
  lat: number;
  zoom: number;
}

export const SPEEDS = [1, 2, 4, 8, 16] as const;
const AHEAD = 32;

function numbers(text: string | null, howMany: number): number[] | null {
  const found = (text ?? '').split(',').map(Number);
  return text && found.length === howMany && found.every(Number.isFinite) ? found : null;
}

/** Index of the time closest to a wall clock time; times are sorted. */
function closest(times: string[], clock: string): number {
  const after = times.findIndex((time) => clockKey(time) >= clock);
  return after < 0 ? times.length - 1 : after;
}

export class Now {
  layers = $state.raw<Layer[]>([]);
  bases = $state.raw<Record<string, Base>>({});
  isLoading = $state(true);
  problem = $state.raw<unknown>(null);

  layerId = $state<string | null>(null);
  /** Shows how sure the estimate is, instead of the estimate. */
  isSpreadShown = $state(false);
  index = $state(0);
  isPlaying = $state(false);
  speed = $state<number>(4);
  opacity = $state(0.8);
  isSmooth = $state(true);
  selection = $state.raw<Selection | null>(null);
  camera = $state.raw<Camera | null>(null);

  frame = $state.raw<LoadedFrame | null>(null);
  frameProblem = $state.raw<unknown>(null);
  isWaiting = $state(false);

  /** The layer that was picked. */
  readonly picked = $derived(this.layers.find((one) => one.id === this.layerId) ?? null);
  /** The layer that is shown: the picked one, or its uncertainty. */
  readonly layer = $derived.by(() => {
    const spread = this.isSpreadShown && this.picked?.uncertainty;
    return (spread && this.layers.find((one) => one.id === spread)) || this.picked;
  });
  readonly base = $derived(
    (this.layer && this.bases[this.layer.organisation]) ?? Object.values(this.bases)[0] ?? null,
  );
  readonly times = $derived(this.layer?.times ?? []);
  readonly time = $derived(this.times[this.index] ?? null);
  /** Layers that one can pick: not those that only say how sure another one is. */
  readonly choices = $derived.by(() => {
    const spreads = new Set(this.layers.map((one) => one.uncertainty));
    return this.layers.filter((one) => !spreads.has(one.id));
  });

  #frames: Frames | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts plays and pauses. */
  #round = 0;
  #wantedClock: string | null = null;

  constructor(query: URLSearchParams) {
    this.layerId = query.get('layer');
    this.#wantedClock = query.get('time');
    this.isSpreadShown = query.get('spread') === '1';
    this.isSmooth = query.get('smooth') !== '0';
    const [opacity] = numbers(query.get('opacity'), 1) ?? [];
    if (opacity !== undefined) this.opacity = Math.min(1, Math.max(0, opacity));
    const at = numbers(query.get('at'), 3);
    if (at) this.camera = { lat: at[0] ?? 0, lon: at[1] ?? 0, zoom: at[2] ?? 0 };
    const point = numbers(query.get('point'), 2);
    const key = query.get('key');
    if (key) this.selection = { key };
    else if (point) this.selection = { lat: point[0] ?? 0, lon: point[1] ?? 0 };
  }

  /** What the address says of this view. */
  query(): URLSearchParams {
    const query = new URLSearchParams();
    if (this.layerId) query.set('layer', this.layerId);
    if (this.time) query.set('time', clockKey(this.time));
    const { camera, selection } = this;
    if (camera) {
      query.set(
        'at',
        `${camera.lat.toFixed(5)},${camera.lon.toFixed(5)},${camera.zoom.toFixed(2)}`,
      );
    }
    if (selection && 'key' in selection) query.set('key', selection.key);
    else if (selection)
      query.set('point', `${selection.lat.toFixed(5)},${selection.lon.toFixed(5)}`);
    if (this.isSpreadShown) query.set('spread', '1');
    if (!this.isSmooth) query.set('smooth', '0');
    if (this.opacity !== 0.8) query.set('opacity', String(this.opacity));
    if (theme.choice !== 'auto') query.set('theme', theme.choice);
    query.set('lang', i18n.language);
    return query;
  }

  async load(): Promise<void> {
    this.isLoading = true;
    this.problem = null;
    try {
      const { layers, base } = await api.layers();
      this.bases = base;
      this.layers = layers;
      if (!this.picked) this.layerId = this.#first()?.id ?? null;
      this.#start();
    } catch (problem) {
      this.problem = problem;
    }
    this.isLoading = false;
  }

  /** The layer to begin with: an hourly map of fine dust, of a real city if there is one. */
  #first(): Layer | undefined {
    const score = (one: Layer) =>
      (one.kind === 'grid' ? 8 : 0) +
      (/^pm25/.test(one.value) ? 4 : 0) +
      (one.times ? 2 : 0) +
      (one.simulated ? 0 : 1);
    return [...this.choices].sort((a, b) => score(b) - score(a))[0];
  }

  pick(id: string): void {
    const before = this.picked;
    const clock = this.time && clockKey(this.time);
    this.layerId = id;
    const now = this.picked;
    if (!now?.uncertainty) this.isSpreadShown = false;
    const isSamePlaces =
      before?.kind === now?.kind &&
      before?.geometry?.collection === now?.geometry?.collection &&
      before?.organisation === now?.organisation;
    if (!isSamePlaces) this.selection = null;
    if (before?.organisation !== now?.organisation) this.camera = null;
    this.#wantedClock = clock;
    this.#start();
  }

  showSpread(isShown: boolean): void {
    this.#wantedClock = this.time && clockKey(this.time);
    this.isSpreadShown = isShown;
    this.#start();
  }

  select(selection: Selection | null): void {
    this.selection = selection;
  }

  goTo(index: number): void {
    const n = Math.max(1, this.times.length);
    this.index = ((index % n) + n) % n;
    void this.#show();
  }

  goToTime(time: string): void {
    const index = this.times.indexOf(time);
    if (index >= 0) this.goTo(index);
  }

  /** Plays to the last time and stops there; from the last one it begins anew. */
  play(isPlaying: boolean): void {
    this.isPlaying = isPlaying && this.times.length > 1;
    clearTimeout(this.#timer);
    this.#round++; // what still waits for a frame of an earlier play goes no further
    if (!this.isPlaying) return;
    if (this.index >= this.times.length - 1) this.goTo(0);
    this.#tick();
  }

  close(): void {
    this.play(false);
    this.#frames?.close();
  }

  /** Begins with the shown layer at the wanted time, or at its last. */
  #start(): void {
    this.#frames?.close();
    const layer = this.layer;
    this.#frames = layer && new Frames(layer);
    this.frame = null;
    if (!layer) return;
    const times = layer.times ?? [];
    this.index = this.#wantedClock ? closest(times, this.#wantedClock) : times.length - 1;
    if (this.index < 0) this.index = 0;
    void this.#show();
  }

  async #show(): Promise<void> {
    const frames = this.#frames;
    const index = this.index;
    if (!frames) return;
    const here = frames.find(index);
    if (here) {
      this.frame = here;
      this.frameProblem = null;
      this.isWaiting = false;
    } else {
      this.isWaiting = true;
      try {
        const frame = await frames.load(index);
        if (frames !== this.#frames || index !== this.index) return;
        this.frame = frame;
        this.frameProblem = null;
      } catch (problem) {
        if (frames !== this.#frames) return;
        this.frameProblem = problem;
        this.play(false);
      }
      this.isWaiting = false;
    }
    frames.prefetch(index, AHEAD);
  }

  /** One step of play: on to the next frame, but never before it is here. */
  #tick(): void {
    const due = performance.now() + 1000 / this.speed;
    const frames = this.#frames;
    const round = this.#round;
    const next = this.index + 1;
    if (next >= this.times.length) {
      this.play(false);
      return;
    }
    frames?.prefetch(this.index, AHEAD);
    frames?.load(next).then(
      () => {
        if (round !== this.#round || frames !== this.#frames) return;
        this.#timer = setTimeout(
          () => {
            if (round !== this.#round || frames !== this.#frames) return;
            this.goTo(this.index + 1);
            this.#tick();
          },
          Math.max(0, due - performance.now()),
        );
      },
      (problem: unknown) => {
        if (round !== this.#round || frames !== this.#frames) return;
        this.frameProblem = problem;
        this.play(false);
      },
    );
  }
}
