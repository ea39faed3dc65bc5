import { crc32 } from 'node:zlib';

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Letters that look drawn and are always the same; nobody ever used them for anything. */
export function drawn(length: number, letters = LETTERS, seed = 7): string {
  let state = seed;
  let text = '';
  while (text.length < length) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    text += letters[Math.floor(state / 65_536) % letters.length] ?? '';
  }
  return text;
}

function base62(number: number): string {
  let text = '';
  for (let rest = number; rest > 0; rest = Math.floor(rest / 62)) text = (LETTERS[rest % 62] ?? '') + text;
  return text.padStart(6, '0');
}

export function jwt(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: 'shop', ...claims })}.${drawn(43)}`;
}

const random = drawn(30);
const pemBody = drawn(640, `${LETTERS}+/`).replace(/.{64}/g, '$&\n');

/** Credentials of the right shape that were never issued. They are put together here, so that none stands in a file. */
export const MADE_UP = {
  github: `ghp_${random}${base62(crc32(random))}`,
  githubFine: `github_pat_${drawn(22)}_${drawn(59)}`,
  gitlab: `glpat-${drawn(20)}`,
  npm: `npm_${drawn(36)}`,
  slack: `xoxb-${drawn(12, '123456789')}-${drawn(12, '987654321')}-${drawn(24)}`,
  slackPath: `T${drawn(9, 'ABCDEFGH23456')}/B${drawn(9, 'HGFEDCBA65432')}/${drawn(24)}`,
  stripe: `sk_live_${drawn(24)}`,
  google: `AIza${drawn(35)}`,
  awsId: `AKIA${drawn(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`,
  awsSecret: drawn(40, `${LETTERS}+/`, 11),
  password: drawn(18, LETTERS, 23),
  pem: `-----BEGIN ${'PRIVATE'} KEY-----\n${pemBody}-----END ${'PRIVATE'} KEY-----`,
} as const;
