import { ERROR_HEADERS } from '../../go/reply.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export const text = (status: number, body: string, contentType = 'text/plain; charset=utf-8'): Reply => ({
  status,
  headers: { 'Content-Type': contentType },
  body,
});

export const error = (status: number, message: string): Reply => ({
  status,
  headers: ERROR_HEADERS,
  body: `${message}\n`,
});
