/** Returns the message of Go's `net/http` for a failed request, without method and URL. */
export function goNetworkError(error: NodeJS.ErrnoException, host: string, port: number): string {
  const syscall = error as NodeJS.ErrnoException & { address?: string; port?: number };
  const address = syscall.address ?? host;
  const where = `${address.includes(':') ? `[${address}]` : address}:${syscall.port ?? port}`;
  switch (error.code) {
    case 'ECONNREFUSED':
      return `dial tcp ${where}: connect: connection refused`;
    case 'EHOSTUNREACH':
      return `dial tcp ${where}: connect: no route to host`;
    case 'ENETUNREACH':
      return `dial tcp ${where}: connect: network is unreachable`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `dial tcp: lookup ${host}: no such host`;
    case 'ECONNRESET':
      // Node has the same code for a reset and for a connection that closes before the response.
      return error.message === 'socket hang up' ? 'EOF' : 'read: connection reset by peer';
    default:
      return error.message;
  }
}
