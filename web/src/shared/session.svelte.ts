// Who is signed in, and the lab's name.
import { api } from './api';
import type { Me } from './types';

class Session {
  me = $state<Me | null>(null);
  /** The first question has been answered, well or not. */
  isKnown = $state(false);

  readonly user = $derived(this.me?.user ?? null);
  readonly mustChangePassword = $derived(this.me?.must_change_password === true);
  readonly isAdministrator = $derived(this.me?.user?.role === 'administrator');

  async load(): Promise<void> {
    try {
      this.me = await api.me();
    } catch {
      this.me = null;
    }
    this.isKnown = true;
  }

  async signOut(): Promise<void> {
    await api.signOut();
    await this.load();
  }
}

export const session = new Session();
