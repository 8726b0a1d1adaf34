"""The edge-case corpus: files that break imaging pipelines, each with what must become of it.

Every file is generated, the same one every time; nothing is downloaded, and nobody's image is among them.
Start reading in `topics/`: one short function a case. `medloop selftest` runs them all.
"""
