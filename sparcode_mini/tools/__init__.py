"""What has nothing to do with the method: files, progress, random numbers, the k largest."""
