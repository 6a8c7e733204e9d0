"""Sounds of a simulated chest: breath, crackles, wheezes, heart, room and device.

Pure synthesis: every number that varies is an argument, the only randomness is the noise itself,
drawn from a generator that is passed in. Amplitudes are relative to the root mean square of the
breath noise at the height of inspiration, which is 1.

Sources
-------
.. [1] Hoevers, Loudon: Measuring crackles. Chest 98 (1990) 1240-1243 (initial deflection width
   and two-cycle duration, 2CD, as measures of a crackle).
.. [2] Kiyokawa, Greenberg, Shirota, Pasterkamp: Auditory detection of simulated crackles in breath
   sounds. Chest 119 (2001) 1886-1892 (the waveform of a simulated crackle).
.. [3] Sovijarvi et al.: Characteristics of breath sounds and adventitious respiratory sounds.
   Eur Respir Rev 10:77 (2000) 591-596 (CORSA: crackles, wheezes, their durations and pitch).
.. [4] Gavriely, Nissan, Rubin, Cugell: Spectral characteristics of chest wall breath sounds in
   normal subjects. Thorax 50 (1995) 1292-1300 (slopes of the spectrum in and out).
.. [5] Gavriely, Cugell: Airflow effects on amplitude and spectral content of normal breath sounds.
   J Appl Physiol 80 (1996) 5-13 (power goes as flow to the 1.66; inspiration is the louder half).
"""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

Floats = NDArray[np.floating]

FLOW_EXPONENT = 0.83  # amplitude over flow: half of the 1.66 that holds for power [5]
ENVELOPE_RATE = 500.0  # Hz; breathing is slow, so its shape is computed coarsely and interpolated


def crackle(time: Floats, first_zero: Floats) -> Floats:
    """Waveform of simulated crackles, two damped cycles long, peak about 1 [2].

    Parameters
    ----------
    time : array
        Time over 2CD; the crackle lives in [0, 1) and is 0 elsewhere.
    first_zero : array, broadcastable to `time`
        Initial deflection width over 2CD, in (0, 0.25]; small values start steeply.
    """
    inside = (time >= 0) & (time < 1)
    t = np.where(inside, time, 0.0)
    carrier = np.sin(4 * np.pi * t ** (np.log(0.25) / np.log(first_zero)))
    damping = 0.5 * (1 + np.cos(2 * np.pi * (np.sqrt(t) - 0.5)))
    return np.where(inside, carrier * damping, 0.0)


def crackles(two_cycle_s: Floats, deflection_s: Floats, gain: Floats, sample_rate: int) -> Floats:
    """Snippets (n_crackles, n_samples) of crackles with these 2CD and initial deflection widths.

    Fine crackles have a 2CD of about 5 ms and a deflection of 0.7 ms, coarse ones about 10 to
    15 ms and 1.5 ms [1]_ [3]_. `gain` may be negative: crackles come in both polarities.
    """
    n_samples = int(np.ceil(np.max(two_cycle_s, initial=0.0) * sample_rate)) + 1
    time = np.arange(n_samples)[None, :] / sample_rate / two_cycle_s[:, None]
    return gain[:, None] * crackle(time, (deflection_s / two_cycle_s)[:, None])


def wheeze(
    duration_s: float, fundamental_hz: float, drift: float, harmonics: Floats, sample_rate: int
) -> Floats:
    """Samples of one wheeze: harmonics of a slowly gliding tone, faded in and out over 40 ms.

    A wheeze lies between 100 and 1000 Hz and lasts over 80 ms [3]_. The tone glides from
    `fundamental_hz` by the fraction `drift`; `harmonics` holds one amplitude per harmonic.
    """
    n_samples = round(duration_s * sample_rate)
    position = np.linspace(0.0, 1.0, n_samples)
    pitch_hz = fundamental_hz * (1 + drift * position)
    phase = 2 * np.pi * np.cumsum(pitch_hz) / sample_rate
    orders = np.arange(1, len(harmonics) + 1)
    tone = np.einsum("h,hn->n", harmonics, np.sin(orders[:, None] * phase))
    fade = np.minimum(position, 1 - position) * duration_s / 0.04
    return tone * np.sin(0.5 * np.pi * np.clip(fade, 0, 1)) ** 2


def heart_sounds(pitch_hz: Floats, gain: Floats, sample_rate: int) -> Floats:
    """Snippets (n_sounds, n_samples) of first and second heart sounds: dull thuds of 30-110 Hz."""
    time = np.arange(int(0.16 * sample_rate)) / sample_rate
    envelope = (time / 0.02) * np.exp(1 - time / 0.02)
    return gain[:, None] * envelope * np.sin(2 * np.pi * pitch_hz[:, None] * time)


def hum(n_samples: int, mains_hz: int, harmonics: Floats, sample_rate: int) -> Floats:
    """Mains hum (n_samples,) with one amplitude per harmonic."""
    time = np.arange(sample_rate) / sample_rate  # one second holds whole periods: repeat it
    orders = np.arange(1, len(harmonics) + 1)
    tones = np.sin(2 * np.pi * mains_hz * orders[:, None] * time)
    return np.resize(harmonics @ tones, n_samples)


def overlay(signal: Floats, start_s: Floats, snippets: Floats, sample_rate: int) -> None:
    """Add `snippets` (n, m) to `signal` (n_samples,) in place; what lies beyond its ends is cut."""
    first = np.round(start_s * sample_rate).astype(int)
    index = first[:, None] + np.arange(snippets.shape[1])
    inside = (index >= 0) & (index < len(signal))
    np.add.at(signal, index[inside], snippets[inside])


def swells(
    n_samples: int, sample_rate: int, skew: float, start_s: Floats, length_s: Floats, height: Floats
) -> Floats:
    """Loudness (n_samples,) of breaths that swell and fade; 0 between them.

    In each phase the flow goes as the square of a sine. It peaks at `height`, in the middle or,
    with `skew` below 1, earlier (expiration is loudest at its beginning).
    """
    time = np.arange(int(n_samples / sample_rate * ENVELOPE_RATE) + 2) / ENVELOPE_RATE
    position = np.clip((time[None, :] - start_s[:, None]) / length_s[:, None], 0, 1)
    flow = np.sin(np.pi * position**skew) ** 2
    loudness = np.max(height[:, None] * flow**FLOW_EXPONENT, axis=0, initial=0.0)
    return np.interp(np.arange(n_samples) / sample_rate, time, loudness)


def breath_spectrum(hz: Floats, knee_hz: float, slope_db: float) -> Floats:
    """Amplitude of breath noise: flat up to the knee, then `slope_db` down per octave [4]_."""
    order = slope_db / (20 * np.log10(2))
    return _high_pass(hz, 60.0) / np.sqrt(1 + (hz / knee_hz) ** (2 * order))


def tilted_spectrum(hz: Floats, slope_db: float) -> Floats:
    """Amplitude of room and cable noise: `slope_db` down per octave above 50 Hz."""
    return np.maximum(hz / 50.0, 1.0) ** (-slope_db / (20 * np.log10(2)))


def band_spectrum(hz: Floats, centre_hz: float, octaves: float) -> Floats:
    """Amplitude of a bump around `centre_hz`, `octaves` wide (standard deviation)."""
    return np.exp(-0.5 * (_octaves(hz, centre_hz) / octaves) ** 2)


def chest_response(hz: Floats, gain_db: Floats) -> Floats:
    """Amplitude response of a chest, smooth over log frequency.

    `gain_db` holds gains at equally spaced points from 50 Hz to 3200 Hz (one per octave for 7).
    """
    points = np.linspace(0, 6, len(gain_db))
    return 10 ** (np.interp(_octaves(hz, 50.0), points, gain_db) / 20)


def device_response(hz: Floats, device: str) -> Floats:
    """Amplitude response of a simulated device.

    SimA imitates an electronic stethoscope with a bell filter, SimB a diaphragm with a resonance,
    SimC a contact microphone that lifts high frequencies.
    """
    if device == "SimA":
        return _high_pass(hz, 25.0) / (1 + (hz / 1500.0) ** 4)
    if device == "SimB":
        return _high_pass(hz, 70.0) * (1 + 1.2 * band_spectrum(hz, 450.0, 0.8))
    return _high_pass(hz, 40.0) * np.sqrt(1 + (hz / 600.0) ** 2) / (1 + (hz / 9000.0) ** 4)


def noise(spectrum: Floats, n_samples: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Stationary noise (n_samples,) of root mean square 1 with this amplitude spectrum."""
    shape = (2, len(spectrum))
    real, imaginary = rng.standard_normal(shape, dtype=np.float32) * spectrum.astype(np.float32)
    samples = scipy.fft.irfft(real + 1j * imaginary, n_samples)
    return samples / np.sqrt(np.mean(samples**2))


def _octaves(hz: Floats, above_hz: float) -> Floats:
    return np.log2(np.maximum(hz, 1.0) / above_hz)


def _high_pass(hz: Floats, cutoff_hz: float) -> Floats:
    return (hz / cutoff_hz) ** 2 / (1 + (hz / cutoff_hz) ** 2)
