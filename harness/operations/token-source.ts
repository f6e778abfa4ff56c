import type { TokenChange, TokenSource } from '../../foundation/protocols/probe-protocol.ts';

export const noToken: TokenSource = { from: 'none' };
export const text = (token: string): TokenSource => ({ from: 'text', text: token });
export const minted = (name: string): TokenSource => ({ from: 'minted', name });
export const podIdentityToken: TokenSource = { from: 'pod-identity' };
export const irsaToken: TokenSource = { from: 'irsa' };
export const kubernetesApiToken: TokenSource = { from: 'kubernetes-api' };

interface WithToken {
  readonly token: TokenSource;
  readonly change?: TokenChange;
}

export const mintedToken = ({ token }: WithToken): string | undefined =>
  token.from === 'minted' ? token.name : undefined;

export const isApiToken = ({ token }: WithToken): boolean => token.from === 'kubernetes-api';

const WORDS: Readonly<Partial<Record<TokenSource['from'], string>>> = { none: 'no token', text: 'a text for a token' };

export function tokenWords({ token, change }: WithToken): string {
  const kind =
    token.from === 'minted' ? `the minted token ${token.name}` : (WORDS[token.from] ?? `the ${token.from} token`);
  return `with ${kind}${change === undefined ? '' : `, changed: ${change}`}`;
}
