import { expect } from 'chai';
import { clearWeather, weather } from './disturbance.ts';

describe('operations that were renamed', () => {
  it('name their new name', () => {
    expect(() => weather()).to.throw('weather() was renamed: use disturbAws().');
    expect(() => clearWeather()).to.throw('clearWeather() was renamed: use clearDisturbances().');
  });
});
