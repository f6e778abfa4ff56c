import { render } from 'preact';
import { App } from './app.tsx';
import { unpack, type Packed, type PageData } from './data.ts';
// Views: each registers itself.
import './overview.tsx';
import './scenarios.tsx';
import './differences.tsx';
import './policies.tsx';
import './timeline.tsx';
import './clients.tsx';
import './load.tsx';

const text = document.getElementById('data')?.textContent ?? '';
render(<App data={unpack(JSON.parse(text) as Packed) as PageData} />, document.body);
