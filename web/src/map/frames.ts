// One layer's frames: fetched once, kept while there is room, and fetched ahead of play.
import { api } from '../shared/api';
import type { Layer } from '../shared/types';

export interface LoadedFrame {
  time: string | null;
  values: Float32Array;
  /** Points and areas: the key of each value. */
  keys: string[];
}

/** Bytes of values kept for one layer; older frames go first. */
const ROOM_BYTES = 96 * 1024 * 1024;
const AT_ONCE = 4;

export class Frames {
  #kept = new Map<number, LoadedFrame>();
  #asked = new Map<number, Promise<LoadedFrame>>();
  #queue: number[] = [];
  #running = 0;
  #stop = new AbortController();
  #bytes = 0;

  constructor(readonly layer: Layer) {}

  get count(): number {
    return this.layer.times?.length ?? 1;
  }

  /** A frame that is here already. */
  find(index: number): LoadedFrame | undefined {
    return this.#kept.get(index);
  }

  /** A frame, from here or from the server. */
  load(index: number): Promise<LoadedFrame> {
    const here = this.#kept.get(index);
    if (here) return Promise.resolve(here);
    let asked = this.#asked.get(index);
    if (!asked) {
      asked = this.#fetch(index).finally(() => this.#asked.delete(index));
      this.#asked.set(index, asked);
    }
    return asked;
  }

  /** Fetches the frames after `index` in the background. */
  prefetch(index: number, ahead: number): void {
    this.#queue = [];
    for (let i = 1; i <= Math.min(ahead, this.count - 1); i++) {
      this.#queue.push((index + i) % this.count);
    }
    while (this.#running < AT_ONCE && this.#queue.length > 0) void this.#work();
  }

  close(): void {
    this.#queue = [];
    this.#stop.abort();
  }

  async #work(): Promise<void> {
    this.#running++;
    let index = this.#queue.shift();
    while (index !== undefined) {
      // What fails in the background is asked for again when it is needed, and reported then.
      if (!this.#kept.has(index)) await this.load(index).catch(() => (this.#queue = []));
      index = this.#queue.shift();
    }
    this.#running--;
  }

  async #fetch(index: number): Promise<LoadedFrame> {
    const time = this.layer.times?.[index] ?? null;
    const frame = await api.frame(this.layer.id, time, this.#stop.signal);
    const loaded: LoadedFrame = {
      time,
      values: Float32Array.from(frame.values, (value) => value ?? NaN),
      keys: frame.keys ?? [],
    };
    this.#kept.set(index, loaded);
    this.#bytes += loaded.values.byteLength + 16 * loaded.keys.length;
    for (const [oldest, frame] of this.#kept) {
      if (this.#bytes <= ROOM_BYTES || oldest === index) break;
      this.#kept.delete(oldest);
      this.#bytes -= frame.values.byteLength + 16 * frame.keys.length;
    }
    return loaded;
  }
}
