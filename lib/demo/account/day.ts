export const ACCOUNT = '123456789012';

/** The day that the planted accounts are made for; `shifted` brings them to another one. */
export const PLANTED_FOR = new Date('2026-07-01T03:20:00Z');

export function day(text: string): Date {
  return new Date(`${text}T00:00:00Z`);
}
