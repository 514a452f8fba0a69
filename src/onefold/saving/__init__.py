"""Saving: fit in one process, use in another. One file of arrays and a manifest, no pickle.

    load(save(x)) gives the lists, weights and tables of x, and equals it where x has an equality
    by content; whatever shared a part with another goes on sharing it

The file is a zip. `manifest.json` says what there is and how it hangs together; the numbers lie
beside it as .npy members. Reading a file runs no code of the file's choosing: only onefold's own
classes are made, and those that the caller hands over in `plugins=`.
"""

from onefold.saving.file import load, save

__all__ = ["load", "save"]
