"""The kernel that all three services stand on; it knows none of them, nor their business."""
