"""What an object version sets going when it arrives: project, image, labels, archive or manifest."""
