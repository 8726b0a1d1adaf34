"""The main job from end to end, on this machine: images in, a judged model and its predictions out."""
