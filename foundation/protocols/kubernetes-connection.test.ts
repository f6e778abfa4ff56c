import { createServer as createProxy } from 'node:http';
import { createServer, type Server } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { text as textOf } from 'node:stream/consumers';
import { KubeConfig } from '@kubernetes/client-node';
import { expect } from 'chai';
import { listen, stopServer } from '../node/listen.ts';
import { newCertificateAuthority } from '../node/certificates.ts';
import { connect, type Connection } from './kubernetes-connection.ts';

describe('the API server connection', () => {
  let server: Server;
  let connection: Connection;
  let configOf: (more?: { readonly proxyUrl?: string }) => KubeConfig;

  beforeEach(async () => {
    const authority = await newCertificateAuthority();
    const { certificate, key } = await authority.issue(['127.0.0.1']);
    server = createServer(
      { cert: certificate, key, requestCert: true, rejectUnauthorized: false },
      (request, response) => {
        const { subject } = (request.socket as TLSSocket).getPeerCertificate();
        response.end(JSON.stringify([subject?.CN ?? null, request.headers.authorization ?? null]));
      },
    );
    const port = await listen(server);
    const administrator = await authority.issue(['administrator']);
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    configOf = (more = {}) => {
      const config = new KubeConfig();
      config.loadFromOptions({
        clusters: [{ name: 'c', server: `https://127.0.0.1:${port}`, caData: base64(authority.certificate), ...more }],
        users: [{ name: 'u', certData: base64(administrator.certificate), keyData: base64(administrator.key) }],
        contexts: [{ name: 'c', cluster: 'c', user: 'u' }],
        currentContext: 'c',
      });
      return config;
    };
    connection = connect(configOf());
  });
  afterEach(async () => {
    connection.close();
    await stopServer(server);
  });

  it("sends the kubeconfig's client certificate", async () => {
    expect(await connection.json('GET', '/')).to.deep.equal(['administrator', null]);
  });

  it('does not send the certificate with unauthenticated requests, even on kept connections', async () => {
    await connection.json('GET', '/');
    const answer = await connection.send({
      method: 'GET',
      path: '/',
      authenticated: false,
      headers: { authorization: 'Bearer other' },
    });
    expect(JSON.parse(await textOf(answer))).to.deep.equal([null, 'Bearer other']);
    expect(await connection.json('GET', '/')).to.deep.equal(['administrator', null]);
  });

  it("goes through the kubeconfig's proxy, which sees neither credentials nor contents", async () => {
    const seen: string[] = [];
    const proxy = createProxy();
    proxy.on('connect', ({ url = '', headers }, client: Socket) => {
      seen.push(url, JSON.stringify(headers));
      const { hostname, port } = new URL(`http://${url}`);
      const upstream = connectTcp(Number(port), hostname, () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(client).pipe(upstream);
      });
    });
    const proxied = connect(configOf({ proxyUrl: `http://127.0.0.1:${await listen(proxy)}` }));
    try {
      expect(await proxied.json('GET', '/')).to.deep.equal(['administrator', null]);
      const answer = await proxied.send({ method: 'GET', path: '/', authenticated: false });
      expect(JSON.parse(await textOf(answer))).to.deep.equal([null, null]);
      expect(seen[0]).to.match(/^127\.0\.0\.1:\d+$/);
      expect(seen.join(' ')).not.to.match(/authorization/i);
    } finally {
      proxied.close();
      proxy.closeAllConnections();
      await stopServer(proxy);
    }
  });
});
