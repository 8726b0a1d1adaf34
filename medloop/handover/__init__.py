"""From a hospital's folders to clean ones: files without identifiers, under names without identifiers."""
