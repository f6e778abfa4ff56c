import { Worker } from 'node:worker_threads';

interface LoadOrder {
  readonly port: number;
  /** The request to send repeatedly. Its signature is valid for 15 minutes. */
  readonly request: string;
  readonly milliseconds: number;
  readonly connections: number;
}

/** The worker's program. A text, because it must run from sources and from a bundle. Fails on any status but 200. */
const PROGRAM = `
const { connect } = require('node:net');
const { parentPort, workerData } = require('node:worker_threads');
const { port, request, milliseconds, connections } = workerData;
const bytes = Buffer.from(request, 'latin1');
const end = performance.now() + milliseconds;
let answered = 0;
let open = connections;
for (let i = 0; i < connections; i += 1) {
  const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
  socket.setNoDelay(true);
  let received = '';
  socket.on('error', (error) => { throw error; });
  socket.on('data', (data) => {
    received += data.toString('latin1');
    const head = received.indexOf('\\r\\n\\r\\n');
    if (head < 0) return;
    if (!received.startsWith('HTTP/1.1 200 ')) throw new Error('unexpected answer: ' + received.slice(0, received.indexOf('\\r\\n')));
    const length = Number(/content-length: (\\d+)/i.exec(received)[1]);
    if (received.length < head + 4 + length) return;
    received = '';
    answered += 1;
    if (performance.now() < end) { socket.write(bytes); return; }
    socket.destroy();
    open -= 1;
    if (open === 0) parentPort.postMessage(answered);
  });
}
`;

/** Sends load to a server from a separate thread. Resolves with the number of answered requests. */
export function sendLoad(order: LoadOrder): Promise<number> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(PROGRAM, { eval: true, workerData: order, execArgv: [] });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
