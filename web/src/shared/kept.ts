// The reader's choices, kept in this browser only.

export function keep(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`dosi.${key}`);
    else localStorage.setItem(`dosi.${key}`, value);
  } catch {
    // A browser that keeps nothing still works; the choice lasts for this page.
  }
}

export function kept(key: string): string | null {
  try {
    return localStorage.getItem(`dosi.${key}`);
  } catch {
    return null;
  }
}
