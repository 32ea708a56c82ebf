// What a token may be allowed to do: the actions that the server decides on.
export const SCOPES = ['see', 'read', 'write', 'describe', 'manage'] as const;
export type Scope = (typeof SCOPES)[number];
