using CtrPS.Output;

namespace CtrPS.Tests.Output;

public sealed class TreemapTests
{
    [Theory]
    [InlineData(new double[] { 6, 6, 4, 3, 2, 2, 1 }, 6, 4)]
    [InlineData(new double[] { 1 }, 1000, 400)]
    [InlineData(new double[] { 1e6, 1 }, 1000, 400)]
    [InlineData(new double[] { 5, 5, 5, 5 }, 3, 900)]
    public void Gives_each_weight_its_part_of_the_area(double[] weights, double width, double height)
    {
        IReadOnlyList<TreemapTile> tiles = Treemap.Lay(weights, width, height);
        double unit = width * height / weights.Sum();
        Assert.Equal(weights.Length, tiles.Count);
        Assert.All(tiles.Zip(weights), pair => Assert.Equal(pair.Second * unit, pair.First.Width * pair.First.Height, pair.Second * unit / 1000));
        Assert.All(tiles, tile => Assert.True(
            tile.X >= 0 && tile.Y >= 0 && tile.X + tile.Width <= width * 1.000001 && tile.Y + tile.Height <= height * 1.000001));
    }

    [Fact]
    public void No_two_tiles_overlap()
    {
        IReadOnlyList<TreemapTile> tiles = Treemap.Lay([.. Enumerable.Range(1, 60).Select(i => 1000.0 / i)], 1000, 400);
        for (int i = 0; i < tiles.Count; i++)
        {
            for (int j = i + 1; j < tiles.Count; j++)
            {
                (TreemapTile one, TreemapTile other) = (tiles[i], tiles[j]);
                double across = Math.Min(one.X + one.Width, other.X + other.Width) - Math.Max(one.X, other.X);
                double down = Math.Min(one.Y + one.Height, other.Y + other.Height) - Math.Max(one.Y, other.Y);
                Assert.True(across < 1e-6 || down < 1e-6, $"{i} and {j}");
            }
        }
    }

    /// <summary>The example of the paper: the first two of the 6 by 4 rectangle stand one on the other, 3 wide and 2 high.</summary>
    [Fact]
    public void Is_as_square_as_the_paper_says()
    {
        IReadOnlyList<TreemapTile> tiles = Treemap.Lay([6, 6, 4, 3, 2, 2, 1], 6, 4);
        Assert.Equal(new TreemapTile(0, 0, 3, 2), tiles[0]);
        Assert.Equal(new TreemapTile(0, 2, 3, 2), tiles[1]);
        Assert.Equal(3, tiles[2].X);
    }

    [Fact]
    public void Of_nothing_there_is_nothing() => Assert.Empty(Treemap.Lay([], 10, 10));
}
