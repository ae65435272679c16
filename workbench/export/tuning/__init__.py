"""Fine-tuning packs: examples in a vendor's format, and a reason for every request left out."""
