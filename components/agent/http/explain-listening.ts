import { AgentRefusal } from '../options.ts';

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there; choose another port',
  EADDRNOTAVAIL: 'this machine has no such address; run `initialize` first, or choose other bind hosts',
  EACCES: 'this user may not listen there; choose a port over 1023 or grant CAP_NET_BIND_SERVICE',
};

export function cannotListen(host: string, port: number, error: NodeJS.ErrnoException): AgentRefusal {
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const reason = REASONS[error.code ?? ''] ?? error.message;
  return new AgentRefusal('cannot-listen', `The agent cannot listen on ${where}: ${reason}.`, { cause: error });
}
